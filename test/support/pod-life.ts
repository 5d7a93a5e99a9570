/** Whether a pod is asked where it answers, and is given the time that it takes to leave. */
import type { GateConfig } from '../../src/config/index.js'
import { containersOf, type Container, type PodSpec, type Probe } from './kubernetes-objects.js'

/** Time for a process to end once it has nothing to do, and for a kubelet that is late. */
const spareSeconds = 5

/** What clusters take at most, as a rule, to tell every proxy that a pod leaves. */
const removalSeconds = 10

/**
 * Where the times of a pod contradict each other; none when the gate serves until nobody asks any more, and ends by itself. Works
 * for a pod that is the gate, and for one in which the gate is a sidecar that ends after the others.
 */
export function timeProblems(pod: PodSpec, config: GateConfig): readonly string[] {
  const { drainMs, graceMs } = config.shutdown
  const gate = gateIn(pod)
  const isSidecar = gate.restartPolicy === 'Always'
  const pauses = pod.containers.map(({ lifecycle }) => lifecycle?.preStop?.sleep?.seconds ?? 0)
  const serves = isSidecar ? Math.min(...pauses) : drainMs / 1_000
  const first = isSidecar ? Math.max(...pauses) : 0
  const needs = first + (drainMs + graceMs) / 1_000 + spareSeconds
  const noticed = noticeSeconds(gate.readinessProbe)
  const problems: readonly (readonly [boolean, string])[] = [
    [
      serves < removalSeconds,
      `serves ${String(serves)} s, removal takes ${String(removalSeconds)}`,
    ],
    [serves < noticed, `serves ${String(serves)} s, readiness takes ${String(noticed)}`],
    [
      pod.terminationGracePeriodSeconds < needs,
      `is killed after ${String(pod.terminationGracePeriodSeconds)} s, needs ${String(needs)}`,
    ],
  ]
  return problems.filter(([is]) => is).map(([, text]) => text)
}

/** Which doors of the configuration the pod's ports and probes miss, and which of its ports have no door behind them. */
export function portProblems(pod: PodSpec, config: GateConfig): readonly string[] {
  const gate = gateIn(pod)
  const ports = new Map(gate.ports?.map(({ name, containerPort }) => [name, containerPort]))
  const { grpc, http, admin } = config.listen
  const doors = Object.entries({ grpc, http, admin }).flatMap(([name, door]) =>
    door === undefined || door.address.startsWith('unix:') ? [] : [[name, door.address] as const],
  )
  const missed = doors.filter(([name, address]) => !address.endsWith(`:${String(ports.get(name))}`))
  const local = doors.filter(([, address]) => /^(127\.|localhost|\[::1\])/.test(address))
  const idle = [...ports.keys()].filter((name) => !doors.some(([door]) => door === name))
  const { startupProbe, livenessProbe, readinessProbe } = gate
  return [
    ...missed.map(([name]) => `listen.${name}: no such container port`),
    ...local.map(([name]) => `listen.${name}: reached from inside the pod only`),
    ...idle.map((name) => `port ${name}: no door`),
    ...adminProbe('startupProbe', startupProbe, '/livez'),
    ...adminProbe('livenessProbe', livenessProbe, '/livez'),
    ...(readinessProbe?.grpc === undefined
      ? adminProbe('readinessProbe', readinessProbe, '/readyz')
      : grpcProbe(readinessProbe.grpc, ports.get('grpc'))),
  ]
}

/** The container that runs Scopegate. */
export function gateIn(pod: PodSpec): Container {
  const gate = containersOf(pod).find(({ name }) => name === 'scopegate')
  if (gate === undefined) throw new Error('the pod has no container scopegate')
  return gate
}

function noticeSeconds(probe: Probe | undefined): number {
  if (probe === undefined) return Infinity
  return probe.periodSeconds * probe.failureThreshold + probe.timeoutSeconds
}

function adminProbe(name: string, probe: Probe | undefined, path: string): readonly string[] {
  const isGood = probe?.httpGet?.path === path && probe.httpGet.port === 'admin'
  return isGood ? [] : [`${name}: does not ask ${path} of admin`]
}

function grpcProbe(
  probe: { readonly port: number; readonly service?: string },
  port: number | undefined,
): readonly string[] {
  const isGood = probe.port === port && probe.service === 'envoy.service.auth.v3.Authorization'
  return isGood ? [] : ['readinessProbe: does not ask the gRPC door']
}
