/** The configuration that a pod runs with, taken out of its ConfigMap. */
import { loadConfig, type GateConfig } from '../../src/config/index.js'
import { runCommand } from './command.js'
import { withFiles } from './config-text.js'
import type { KubernetesObject, PodSpec } from './kubernetes-objects.js'
import { gateIn } from './pod-life.js'

const token = 'x'.repeat(40)

/**
 * The files of the ConfigMap that is mounted at /etc/scopegate. Files of a Secret that they name are there as well, beside them
 * and with some content; that the Secret has them is the operator's doing. Throws when there is no ConfigMap.
 */
export function mountedConfig(
  pod: PodSpec,
  objects: readonly KubernetesObject[],
): Readonly<Record<string, string>> {
  const volume = pod.volumes?.find(({ name }) => name === 'config')
  const map = objects.find(
    ({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === volume?.configMap?.name,
  )
  if (map?.data === undefined) throw new Error('the pod has no ConfigMap for its configuration')
  const secrets = pod.volumes?.filter((one) => one['secret'] !== undefined).map(({ name }) => name)
  const paths = gateIn(pod).volumeMounts?.filter(({ name }) => secrets?.includes(name)) ?? []
  const files = { ...map.data }
  for (const { mountPath } of paths) {
    for (const [name, text] of Object.entries(files)) {
      const named = [...text.matchAll(new RegExp(`${mountPath}/([\\w-]+)`, 'g'))]
      for (const [, file = ''] of named) files[file] = token
      files[name] = text.replaceAll(`${mountPath}/`, '')
    }
  }
  return files
}

/** What `scopegate check-config` says of the files: its exit code, and every line. */
export async function checkConfigFiles(
  files: Readonly<Record<string, string>>,
): Promise<{ readonly code: number; readonly lines: readonly string[] }> {
  return await withFiles(files, async (directory) => {
    const { code, out, errors } = await runCommand(['check-config', directory])
    return { code, lines: [...out, ...errors] }
  })
}

/** The files as the gate understands them. Rejects with every problem. */
export async function loadConfigFiles(
  files: Readonly<Record<string, string>>,
): Promise<GateConfig> {
  return await withFiles(files, loadConfig)
}
