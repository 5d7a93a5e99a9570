/** The check that our pods are held to finds what it is there for. */
import { expect, it } from 'vitest'
import type { PodSpec } from '../../support/kubernetes-objects.js'
import { podSecurityProblems } from '../../support/pod-security.js'

const container = {
  name: 'gate',
  image: 'gate',
  securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
}
const pod: PodSpec = {
  terminationGracePeriodSeconds: 30,
  securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
  containers: [container],
}

function withContext(context: object): PodSpec {
  return {
    ...pod,
    containers: [{ ...container, securityContext: { ...container.securityContext, ...context } }],
  }
}

it('lets a pod pass that asks for nothing', () => {
  expect(podSecurityProblems(pod)).toEqual([])
})

it.each<[string, object]>([
  ['hostNetwork', { ...pod, hostNetwork: true }],
  ['hostPID', { ...pod, hostPID: true }],
  ['volume v: hostPath', { ...pod, volumes: [{ name: 'v', hostPath: { path: '/' } }] }],
  ['sysctls', { ...pod, securityContext: { ...pod.securityContext, sysctls: [] } }],
  ['runAsUser is root', { ...pod, securityContext: { ...pod.securityContext, runAsUser: 0 } }],
  [
    'gate: runAsNonRoot is not true',
    { ...pod, securityContext: { seccompProfile: { type: 'RuntimeDefault' } } },
  ],
  ['gate: no seccompProfile', { ...pod, securityContext: { runAsNonRoot: true } }],
  ['gate: runAsUser is root', withContext({ runAsUser: 0 })],
  ['gate: privileged', withContext({ privileged: true })],
  [
    'gate: allowPrivilegeEscalation is not false',
    withContext({ allowPrivilegeEscalation: undefined }),
  ],
  ['gate: capabilities.drop has no ALL', withContext({ capabilities: { drop: ['KILL'] } })],
  [
    'gate: capabilities.add: SYS_ADMIN',
    withContext({ capabilities: { drop: ['ALL'], add: ['SYS_ADMIN', 'NET_BIND_SERVICE'] } }),
  ],
  ['gate: procMount', withContext({ procMount: 'Unmasked' })],
  ['gate: seLinuxOptions', withContext({ seLinuxOptions: { type: 'spc_t' } })],
  ['gate: appArmorProfile', withContext({ appArmorProfile: { type: 'Unconfined' } })],
  [
    'gate: hostPort',
    {
      ...pod,
      containers: [{ ...container, ports: [{ name: 'a', containerPort: 1, hostPort: 1 }] }],
    },
  ],
])('finds %s', (problem, broken) => {
  expect(podSecurityProblems(broken as PodSpec)).toEqual([problem])
})

it('looks at sidecars and at containers that only start', () => {
  const init = { name: 'init', image: 'init' }
  const problems = podSecurityProblems({ ...pod, initContainers: [init] })
  expect(problems).toEqual([
    'init: allowPrivilegeEscalation is not false',
    'init: capabilities.drop has no ALL',
  ])
})
