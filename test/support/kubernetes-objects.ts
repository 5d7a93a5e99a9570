/** The parts of Kubernetes' objects that the tests of our manifests look at. What is not named here is not looked at. */

/** One object, of whatever kind. */
export interface KubernetesObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
  }
  readonly data?: Readonly<Record<string, string>>
  readonly automountServiceAccountToken?: boolean
  readonly spec?: Readonly<Record<string, unknown>>
}

/** What a probe asks, and how long it takes to believe a failure. */
export interface Probe {
  readonly httpGet?: { readonly path: string; readonly port: string | number }
  readonly grpc?: { readonly port: number; readonly service?: string }
  readonly tcpSocket?: { readonly port: string | number }
  readonly periodSeconds: number
  readonly timeoutSeconds: number
  readonly failureThreshold: number
}

export interface Container {
  readonly name: string
  readonly image: string
  readonly args?: readonly string[]
  readonly restartPolicy?: string
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[]
  readonly startupProbe?: Probe
  readonly livenessProbe?: Probe
  readonly readinessProbe?: Probe
  readonly lifecycle?: { readonly preStop?: { readonly sleep?: { readonly seconds: number } } }
  readonly securityContext?: Readonly<Record<string, unknown>>
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[]
}

export interface PodSpec {
  readonly serviceAccountName?: string
  readonly automountServiceAccountToken?: boolean
  readonly terminationGracePeriodSeconds: number
  readonly securityContext?: Readonly<Record<string, unknown>>
  readonly containers: readonly Container[]
  readonly initContainers?: readonly Container[]
  readonly ephemeralContainers?: readonly Container[]
  readonly volumes?: readonly (Readonly<Record<string, unknown>> & {
    readonly name: string
    readonly configMap?: { readonly name: string }
  })[]
}

/** The pods that an object makes; undefined when it makes none. */
export function podSpecOf(object: KubernetesObject): PodSpec | undefined {
  const template = object.spec?.['template'] as { readonly spec?: PodSpec } | undefined
  return template?.spec
}

/** Every container of a pod, sidecars and those that end before the others included. */
export function containersOf(pod: PodSpec): readonly Container[] {
  return [...pod.containers, ...(pod.initContainers ?? []), ...(pod.ephemeralContainers ?? [])]
}

/** `Kind/name`, for the name of a test. */
export function nameOf({ kind, metadata }: KubernetesObject): string {
  return `${kind}/${metadata.name}`
}
