/** What `kubectl apply -k` gives a cluster is valid, restricted, and runs a gate that is asked and ended as it expects. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { schemaOf } from '../support/hook-up-manifests.js'
import { nameOf, podSpecOf } from '../support/kubernetes-objects.js'
import { checkConfigFiles, loadConfigFiles, mountedConfig } from '../support/mounted-config.js'
import { gateIn, portProblems, timeProblems } from '../support/pod-life.js'
import { podSecurityProblems } from '../support/pod-security.js'
import {
  componentFolders,
  kustomizationFolders,
  renderKustomizations,
  schemaProblems,
} from '../support/rendered-manifests.js'
import { problemsIn } from '../support/structural-schema.js'

const versions = ['1.35', '1.36', '1.37']
const all = renderKustomizations().flatMap(({ folder, objects }) =>
  objects.map((object) => ({ folder, object, objects, name: nameOf(object) })),
)
const builtIn = all.filter(({ object }) =>
  /^(v1$|apps\/|policy\/|autoscaling\/|networking\.k8s\.io\/)/.test(object.apiVersion),
)
const custom = all.filter((one) => !builtIn.includes(one))
const pods = all.flatMap(({ object, ...rest }) => {
  const pod = podSpecOf(object)
  return pod === undefined ? [] : [{ ...rest, object, pod }]
})

it('has the overlays that the documents name', () => {
  const names = 'envoy-gateway gateway ingress-nginx istio prometheus-operator redis sidecar'.split(
    ' ',
  )
  const overlays = kustomizationFolders.filter((folder) => folder.includes('/overlays/'))
  expect(overlays).toEqual(names.map((name) => `deploy/kubernetes/overlays/${name}`))
  expect(builtIn.length).toBeGreaterThan(40)
})

it('uses every component in some overlay', () => {
  const used = kustomizationFolders.flatMap((folder) => {
    const file = parse(readFileSync(`${folder}/kustomization.yaml`, 'utf8')) as {
      components?: string[]
    }
    return (file.components ?? []).map((path) => path.replace(/^(\.\.\/)+/, 'deploy/kubernetes/'))
  })
  expect(componentFolders.filter((folder) => !used.includes(folder))).toEqual([])
})

describe('Kubernetes’ own objects', () => {
  const objects = builtIn.map(({ object }) => object)

  it.each(versions)('are valid for Kubernetes %s, without an unknown field', (version) => {
    const problems = schemaProblems(objects, [version]).map(
      ({ index, message }) => `${nameOf(objects[index]!)}: ${message}`,
    )
    expect(problems).toEqual([])
  })

  it('are not valid with one field misspelt', () => {
    const misspelt = objects.map((object) => ({ ...object, metadatax: {} }))
    const found = schemaProblems(misspelt, [versions[0]!])
    expect(new Set(found.map(({ index }) => index)).size).toBe(objects.length)
    expect(found.map(({ message }) => message).join()).not.toContain('no schema')
  })
})

describe('custom resources', () => {
  it.each(custom)('$folder: $name is good by its definition', ({ object }) => {
    const schema = schemaOf(object)
    expect(schema).toBeDefined()
    expect(problemsIn(schema!, object)).toEqual([])
  })
})

describe('pods', () => {
  it.each(pods)('$folder: $name may start where pods are restricted', ({ pod }) => {
    expect(podSecurityProblems(pod)).toEqual([])
  })

  it.each(pods)('$folder: $name has no token, and writes to no disk', ({ pod, objects }) => {
    expect(pod.automountServiceAccountToken).toBe(false)
    const accounts = objects.filter(({ kind }) => kind === 'ServiceAccount')
    expect(accounts.map((account) => account.automountServiceAccountToken)).not.toContain(true)
    expect(accounts.map((account) => account.automountServiceAccountToken)).not.toContain(undefined)
    expect(gateIn(pod).securityContext).toMatchObject({ readOnlyRootFilesystem: true })
  })

  it.each(pods)('$folder: $name has a configuration that check-config takes', async (one) => {
    const { code, lines } = await checkConfigFiles(mountedConfig(one.pod, one.objects))
    expect(lines.join('\n')).toMatch(/: good \(\d+ routes, \d+ issuer/)
    expect(code).toBe(0)
  })

  it.each(pods)('$folder: $name is asked where it answers', async ({ pod, objects }) => {
    expect(portProblems(pod, await loadConfigFiles(mountedConfig(pod, objects)))).toEqual([])
  })

  it.each(pods)('$folder: $name serves until nobody asks, and is not killed', async (one) => {
    const config = await loadConfigFiles(mountedConfig(one.pod, one.objects))
    expect(timeProblems(one.pod, config)).toEqual([])
    // The check sees what it is for.
    const hasty = { ...config, shutdown: { drainMs: 9_000, graceMs: 60_000 } }
    expect(timeProblems(one.pod, hasty)).not.toEqual([])
  })

  it.each(pods)('$folder: $name mounts only volumes that there are', ({ pod, objects }) => {
    const names = objects.filter(({ kind }) => kind === 'ConfigMap').map((map) => map.metadata.name)
    const maps = (pod.volumes ?? []).flatMap(({ configMap }) => configMap?.name ?? [])
    expect(maps.filter((name) => !names.includes(name))).toEqual([])
    const volumes = pod.volumes?.map(({ name }) => name)
    for (const { name } of gateIn(pod).volumeMounts ?? []) expect(volumes).toContain(name)
  })
})

describe('services and policies', () => {
  const services = all.filter(({ object }) => object.kind === 'Service')

  it.each(services)('$folder: $name leads to ports of pods', ({ object, objects }) => {
    const { selector, ports } = object.spec as {
      selector: Record<string, string>
      ports: { targetPort: string; name: string; appProtocol?: string }[]
    }
    const chosen = objects.filter((one) => {
      const template = one.spec?.['template'] as { metadata?: typeof one.metadata } | undefined
      return Object.entries(selector).every(
        ([key, value]) => template?.metadata?.labels?.[key] === value,
      )
    })
    expect(chosen).toHaveLength(1)
    const open = podSpecOf(chosen[0]!)!
    const names = [...open.containers, ...(open.initContainers ?? [])].flatMap(
      (container) => container.ports?.map(({ name }) => name) ?? [],
    )
    for (const { targetPort } of ports) expect(names).toContain(targetPort)
    const grpc = ports.find(({ name }) => name === 'grpc')
    if (grpc !== undefined) expect(grpc.appProtocol).toBe('kubernetes.io/h2c')
  })

  it.each(all.filter(({ object }) => object.kind === 'NetworkPolicy'))(
    '$folder: $name lets nobody in whom it does not name, but to the API’s own proxy',
    ({ object }) => {
      const { ingress } = object.spec as {
        ingress: { from?: object[]; ports: { port: string }[] }[]
      }
      const open = ingress.filter(({ from }) => (from ?? []).length === 0)
      const isApi = object.metadata.name === 'api'
      expect(open.flatMap(({ ports }) => ports.map(({ port }) => port))).toEqual(
        isApi ? ['http'] : [],
      )
      const selectors = JSON.stringify(ingress)
      expect(selectors).not.toMatch(/"(namespaceSelector|matchLabels)":\{\}/)
    },
  )
})
