/** The sidecar's Envoy is the shipped one with other addresses. */
import { execFileSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { containersOf, podSpecOf } from '../support/kubernetes-objects.js'
import { wheelBinary } from '../support/proxies/proxy.js'
import { renderKustomization } from '../support/rendered-manifests.js'
import { shippedFile } from '../support/shipped-file.js'
import { runCommand } from '../support/command.js'

const file = 'deploy/kubernetes/overlays/sidecar/envoy.yaml'
const tcp = '- endpoint: { address: { socket_address: { address: 127.0.0.1, port_value: 50051 } } }'
const pipe = '- endpoint: { address: { pipe: { path: /run/scopegate/grpc.sock } } }'

it('says what deploy/envoy/envoy.yaml says, but for addresses', async () => {
  const shipped = await shippedFile('deploy/envoy/envoy.yaml', [
    ['{ address: 127.0.0.1, port_value: 8000 }', '{ address: 0.0.0.0, port_value: 8000 }'],
    [tcp, pipe],
    ['- name: scopegate\n      type: STRICT_DNS', '- name: scopegate\n      type: STATIC'],
  ])
  expect(parse(await readFile(file, 'utf8'))).toEqual(parse(shipped))
})

it('is a file that Envoy takes, and in which the doctor finds nothing', async () => {
  const flags = ['--mode', 'validate', '--log-level', 'error', '-c', file]
  const text = execFileSync(wheelBinary('envoy/_bin/envoy'), flags, { encoding: 'utf8' })
  expect(text).toContain(`configuration '${file}' OK`)
  const { code, out, errors } = await runCommand(['doctor', file])
  expect([code, ...errors]).toEqual([0])
  expect(out.join('\n')).not.toMatch(/error|warning/)
})

it('gives both ends of the socket the same volume and the same user', () => {
  const pod = podSpecOf(
    renderKustomization('deploy/kubernetes/overlays/sidecar').find(
      ({ kind }) => kind === 'Deployment',
    )!,
  )!
  const ends = containersOf(pod).filter(({ name }) => name !== 'api')
  const mounts = ends.map(({ volumeMounts }) => volumeMounts?.find(({ name }) => name === 'socket'))
  expect(mounts.map((mount) => mount?.mountPath)).toEqual(['/run/scopegate', '/run/scopegate'])
  expect(ends.map(({ securityContext }) => securityContext?.['runAsUser'])).toEqual([
    undefined,
    undefined,
  ])
  expect(pod.securityContext).toMatchObject({ runAsUser: 65532 })
  const [gate] = pod.initContainers ?? []
  expect(gate).toMatchObject({ name: 'scopegate', restartPolicy: 'Always' })
})
