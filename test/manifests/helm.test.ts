/** The chart gives a cluster what the kustomizations give it, follows its configuration, and refuses what would open it. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { nameOf, podSpecOf, type KubernetesObject } from '../support/kubernetes-objects.js'
import { schemaOf } from '../support/hook-up-manifests.js'
import { checkConfigFiles, loadConfigFiles, mountedConfig } from '../support/mounted-config.js'
import { gateIn, portProblems, timeProblems } from '../support/pod-life.js'
import { podSecurityProblems } from '../support/pod-security.js'
import {
  renderChart,
  renderKustomization,
  schemaProblems,
  type Release,
} from '../support/rendered-manifests.js'
import { problemsIn } from '../support/structural-schema.js'

const http = { address: '0.0.0.0:8080', trustedProxies: ['10.244.0.0/16'] }
const digest = `sha256:${'a'.repeat(64)}`

/** Values, and the overlay that they stand for. */
const twins: readonly (readonly [folder: string, values: object])[] = [
  ['deploy/kubernetes/base', {}],
  [
    'deploy/kubernetes/overlays/ingress-nginx',
    {
      config: { listen: { http } },
      networkPolicy: { proxies: [{ 'scopegate.dev/asks': 'yes' }, namespaceIs('ingress-nginx')] },
    },
  ],
  ['deploy/kubernetes/overlays/prometheus-operator', { serviceMonitor: { enabled: true } }],
]

/** Every value that changes what is rendered, in one. */
const everything = {
  image: { repository: 'registry.example.com/gate', digest },
  imagePullSecrets: [{ name: 'registry' }],
  secretName: 'gate',
  workers: 2,
  autoscaling: { enabled: false },
  replicas: 3,
  config: {
    listen: {
      grpc: { tls: { certFile: 'a', keyFile: 'b' } },
      http,
      admin: { address: '0.0.0.0:9090' },
    },
    shutdown: { drainSeconds: 30 },
  },
  networkPolicy: { egress: [{ ports: [{ protocol: 'TCP', port: 6379 }] }] },
  serviceMonitor: { enabled: true, labels: { release: 'prometheus' } },
  podAnnotations: { a: 'b' },
  podLabels: { c: 'd' },
  priorityClassName: 'high',
  nodeSelector: { e: 'f' },
  tolerations: [{ key: 'g', operator: 'Exists' }],
  affinity: { podAntiAffinity: {} },
}
const httpOnly = { config: { listen: { grpc: null, http } } }

function namespaceIs(name: string): object {
  return { 'kubernetes.io/metadata.name': name }
}

function release(values: object, name = 'scopegate'): Release {
  return { name, namespace: 'scopegate', values: values as Release['values'] }
}

function rendered(releases: readonly Release[]): readonly (readonly KubernetesObject[])[] {
  return renderChart(releases).map((one) => {
    if ('problem' in one) throw new Error(one.problem)
    return one.objects
  })
}

/** By kind and name; without what belongs to one of the two tools, and the configuration as what it says. */
function comparable(objects: readonly KubernetesObject[]): Readonly<Record<string, unknown>> {
  const hash = /^scopegate-[a-z0-9]{10}$/
  return Object.fromEntries(
    objects.flatMap((object) => {
      // Helm cannot make its own namespace; routes of gateways and alerts are not the chart's.
      if (['Namespace', 'PrometheusRule'].includes(object.kind)) return []
      if (object.metadata.namespace !== 'scopegate') return []
      const plain = JSON.parse(
        JSON.stringify(object, (key, value: unknown) => {
          if (
            /^(helm\.sh\/chart|app\.kubernetes\.io\/(instance|version|managed-by)|checksum\/config)$/.test(
              key,
            )
          ) {
            return undefined
          }
          const isEmpty = key === 'annotations' && JSON.stringify(value).includes('checksum/config')
          if (isEmpty) return undefined
          return typeof value === 'string' && hash.test(value) ? 'scopegate' : value
        }),
      ) as KubernetesObject
      const data: unknown = Object.assign(
        {},
        ...Object.values(object.data ?? {}).map((text) => parse(text) as object),
      )
      return [[nameOf(plain), object.data === undefined ? plain : { ...plain, data }]]
    }),
  )
}

describe('the chart', () => {
  it.each(twins)('with its values is %s', (folder, values) => {
    const [objects = []] = rendered([release(values)])
    expect(comparable(objects)).toEqual(comparable(renderKustomization(folder)))
  })

  const releases = [...twins.map(([, values]) => values), everything, httpOnly].map((values) =>
    release(values),
  )
  const all = rendered([...releases, release({}, 'other')])

  it.each(['1.35', '1.36', '1.37'])('is valid for Kubernetes %s', (version) => {
    const objects = all.flat().filter(({ kind }) => kind !== 'ServiceMonitor')
    const problems = schemaProblems(objects, [version])
    expect(problems.map(({ index, message }) => `${nameOf(objects[index]!)}: ${message}`)).toEqual(
      [],
    )
    const monitors = all.flat().filter(({ kind }) => kind === 'ServiceMonitor')
    expect(monitors.flatMap((one) => problemsIn(schemaOf(one)!, one))).toEqual([])
    expect(monitors).toHaveLength(2)
  })

  it('makes pods that are restricted, asked where they answer, and given time to leave', async () => {
    expect(all).toHaveLength(6)
    for (const objects of all) {
      const deployment = objects.find(({ kind }) => kind === 'Deployment')!
      const pod = podSpecOf(deployment)!
      expect(podSecurityProblems(pod)).toEqual([])
      const files = mountedConfig(pod, objects)
      expect(await checkConfigFiles(files)).toMatchObject({ code: 0 })
      const config = await loadConfigFiles(files)
      expect(portProblems(pod, config)).toEqual([])
      expect(timeProblems(pod, config)).toEqual([])
    }
  })

  it('has every value in what it renders', () => {
    const [objects = []] = rendered([release(everything)])
    const deployment = objects.find(({ kind }) => kind === 'Deployment')!
    const pod = podSpecOf(deployment)!
    expect(gateIn(pod).image).toBe(`registry.example.com/gate@${digest}`)
    expect(gateIn(pod).args).toEqual(['serve', '--config', '/etc/scopegate', '--workers', '2'])
    expect(gateIn(pod).readinessProbe?.httpGet).toEqual({ path: '/readyz', port: 'admin' })
    expect(pod).toMatchObject({
      imagePullSecrets: [{ name: 'registry' }],
      priorityClassName: 'high',
      nodeSelector: { e: 'f' },
      tolerations: [{ key: 'g', operator: 'Exists' }],
      affinity: { podAntiAffinity: {} },
      securityContext: { fsGroup: 65532 },
      terminationGracePeriodSeconds: 50,
    })
    expect(deployment.spec).toMatchObject({
      replicas: 3,
      template: { metadata: { annotations: { a: 'b' }, labels: { c: 'd' } } },
    })
    expect(objects.map(({ kind }) => kind)).not.toContain('HorizontalPodAutoscaler')
    const text = JSON.stringify(objects)
    expect(text).toContain('{"ports":[{"port":6379,"protocol":"TCP"}]}')
    expect(text).toContain('"release":"prometheus"')
  })

  it('rolls out when the configuration changes, and only then', () => {
    const [one, same, other] = rendered([
      release({}),
      release({ podDisruptionBudget: { maxUnavailable: 2 } }),
      release({ config: { shutdown: { drainSeconds: 16 } } }),
    ]).map((objects) => {
      const deployment = objects.find(({ kind }) => kind === 'Deployment')!
      const { metadata } = deployment.spec?.['template'] as {
        metadata: KubernetesObject['metadata']
      }
      return metadata.annotations?.['checksum/config']
    })
    expect(one).toBe(same)
    expect(one).not.toBe(other)
  })

  it('names the objects of another release by that release', () => {
    const [objects = []] = rendered([release({}, 'partner')])
    expect(new Set(objects.map(({ metadata }) => metadata.name))).toEqual(
      new Set(['partner-scopegate']),
    )
  })

  it.each<[string, object]>([
    ["additional properties 'imag' not allowed", { imag: {} }],
    ["at '/networkPolicy/proxies': minItems", { networkPolicy: { proxies: [] } }],
    ["at '/networkPolicy/proxies/0': minProperties", { networkPolicy: { proxies: [{}] } }],
    [
      "at '/config/listen/http': missing property 'trustedProxies'",
      { config: { listen: { http: { address: '0.0.0.0:1' } } } },
    ],
    ["at '/config/listen': missing property 'admin'", { config: { listen: { admin: null } } }],
    [
      'is reached from inside the pod only',
      { config: { listen: { admin: { address: '127.0.0.1:8081' } } } },
    ],
    [
      "at '/config/shutdown/drainSeconds': got string",
      { config: { shutdown: { drainSeconds: '5' } } },
    ],
    ["at '/workers': got string, want integer", { workers: 'auto' }],
    ["at '/workers': minimum", { workers: 0 }],
    ["at '/image/digest'", { image: { digest: 'latest' } }],
    ["at '/config/issuers': minItems", { config: { issuers: [] } }],
  ])('refuses: %s', (problem, values) => {
    const [one] = renderChart([release(values)])
    expect(one).toMatchObject({ problem: expect.stringContaining(problem) as unknown })
  })

  it('says where it is, who may ask, and that the example is still the example', () => {
    const issuers = [{ id: 'main', issuer: 'https://login.example.org' }]
    const [example = '', own = ''] = renderChart([
      release({}, 'partner'),
      release({ config: { issuers, listen: { http } }, networkPolicy: { enabled: false } }),
    ]).map((one) => ('notes' in one ? one.notes : ''))
    expect(example).toContain('Scopegate is partner-scopegate.scopegate: gRPC at port 50051.')
    expect(example).toContain('need the label of networkPolicy.proxies')
    expect(example).toContain('still trusts the example https://issuer.example.com')
    expect(own).toContain('gRPC at port 50051, HTTP at port 8080.')
    expect(own).not.toMatch(/networkPolicy|still trusts/)
  })

  it('has every value in its README, and nothing else', () => {
    const values = parse(readFileSync('deploy/helm/scopegate/values.yaml', 'utf8')) as object
    const page = readFileSync('deploy/helm/scopegate/README.md', 'utf8')
    const named = (page.match(/^\| `.*$/gm) ?? [])
      .flatMap((line) => [...(line.split(' | ')[0] ?? '').matchAll(/`([^`]+)`/g)])
      .map(([, name]) => name)
    const names = Object.entries(values).flatMap(([name, value]: [string, unknown]) => {
      const inner = value !== null && typeof value === 'object' ? Object.keys(value) : []
      return inner.length === 0 ? [name] : inner.map((one) => `${name}.${one}`)
    })
    expect([...named].sort()).toEqual([...names].sort())
  })
})
