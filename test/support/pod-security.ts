/**
 * The pod security standard "restricted" of Kubernetes, as its admission controller checks it: what a pod may not ask for. Only
 * for Linux. A field that is not known to the standard is not looked at; schemas do that.
 *
 * @see https://kubernetes.io/docs/concepts/security/pod-security-standards/
 */
import { containersOf, type Container, type PodSpec } from './kubernetes-objects.js'

type Fields = Readonly<Record<string, unknown>>

const volumeKinds = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'image',
  'persistentVolumeClaim',
  'projected',
  'secret',
]

/** One line a violation, with the container where there is one; none when the pod may start. */
export function podSecurityProblems(pod: PodSpec): readonly string[] {
  const own = pod as unknown as Fields
  const forbidden = ['hostNetwork', 'hostPID', 'hostIPC'].filter((key) => own[key] === true)
  const volumes = (pod.volumes ?? []).flatMap((volume) =>
    Object.keys(volume)
      .filter((key) => key !== 'name' && !volumeKinds.includes(key))
      .map((kind) => `volume ${volume.name}: ${kind}`),
  )
  const security = pod.securityContext ?? {}
  return [
    ...forbidden,
    ...volumes,
    ...(Array.isArray(security['sysctls']) ? ['sysctls'] : []),
    ...contextProblems(security),
    ...containersOf(pod).flatMap((container) =>
      containerProblems(container, security).map((problem) => `${container.name}: ${problem}`),
    ),
  ]
}

function containerProblems(container: Container, pod: Fields): readonly string[] {
  const own = container.securityContext ?? {}
  const capabilities = (own['capabilities'] ?? {}) as { drop?: string[]; add?: string[] }
  const added = (capabilities.add ?? []).filter((name) => name !== 'NET_BIND_SERVICE')
  const seccomp = (own['seccompProfile'] ?? pod['seccompProfile'] ?? {}) as { type?: string }
  const hostPorts = (container.ports ?? []).some(
    (port) => (port as Fields)['hostPort'] !== undefined,
  )
  const problems: readonly (readonly [boolean, string])[] = [
    [own['privileged'] === true, 'privileged'],
    [own['allowPrivilegeEscalation'] !== false, 'allowPrivilegeEscalation is not false'],
    [capabilities.drop?.includes('ALL') !== true, 'capabilities.drop has no ALL'],
    [added.length > 0, `capabilities.add: ${added.join(', ')}`],
    [(own['runAsNonRoot'] ?? pod['runAsNonRoot']) !== true, 'runAsNonRoot is not true'],
    [!['RuntimeDefault', 'Localhost'].includes(seccomp.type ?? ''), 'no seccompProfile'],
    [(own['procMount'] ?? 'Default') !== 'Default', 'procMount'],
    [hostPorts, 'hostPort'],
  ]
  return [...problems.filter(([is]) => is).map(([, text]) => text), ...contextProblems(own)]
}

/** What neither a pod nor a container may say. */
function contextProblems(context: Fields): readonly string[] {
  const isUnconfined = ['seccompProfile', 'appArmorProfile'].filter(
    (key) => (context[key] as { type?: string } | undefined)?.type === 'Unconfined',
  )
  const isRoot = context['runAsUser'] === 0 ? ['runAsUser is root'] : []
  return [...isUnconfined, ...isRoot, ...(context['seLinuxOptions'] ? ['seLinuxOptions'] : [])]
}
