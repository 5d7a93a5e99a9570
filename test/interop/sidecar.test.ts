/**
 * The pod of the sidecar overlay without a cluster: its Envoy and its gate, each with the file that the overlay ships, meet
 * at a unix socket in a directory that they share, and decide real requests. What the cluster makes of the pod is the matter
 * of test/manifests/sidecar.test.ts.
 */
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  startTestAuthorizationServer,
  type TestAuthorizationServer,
} from '../support/authorization-server.js'
import { startEchoUpstream, type EchoUpstream } from '../support/echo-upstream.js'
import { startEnvoyWith, type TestEnvoy } from '../support/envoy.js'
import { apiHost, rawRequest, sendRaw, type RawAnswer } from '../support/raw-http.js'
import { startServeProcessOn, type ServeProcess } from '../support/serve-process.js'
import { shippedFile } from '../support/shipped-file.js'
import { until } from '../support/until.js'

const overlay = 'deploy/kubernetes/overlays/sidecar'
const socketInPod = '/run/scopegate/grpc.sock'

const cleanups: (() => Promise<void>)[] = []
let issuer: TestAuthorizationServer
let upstream: EchoUpstream
let envoy: TestEnvoy
/** What is /etc/scopegate and /run/scopegate in the pod. */
let config: string
let socket: string

beforeEach(async () => {
  config = await temporaryDirectory()
  socket = join(await temporaryDirectory(), 'grpc.sock')
  issuer = await startTestAuthorizationServer()
  cleanups.push(async () => {
    await issuer.close()
  })
  upstream = await startEchoUpstream()
  cleanups.push(upstream.close)
  await writeFile(
    join(config, 'scopegate.yaml'),
    await shippedFile(`${overlay}/scopegate.yaml`, [
      [socketInPod, socket],
      ['0.0.0.0:8081', '127.0.0.1:0'],
      ['https://issuer.example.com', issuer.issuer],
    ]),
  )
})
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function temporaryDirectory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'scopegate-sidecar-'))
  cleanups.push(async () => {
    await rm(path, { recursive: true })
  })
  return path
}

/** The container of the gate; starting it again is what the kubelet does, and the volume stays. */
async function startContainer(flags: readonly string[] = []): Promise<ServeProcess> {
  const gate = await startServeProcessOn(config, flags)
  cleanups.push(gate.close)
  return gate
}

/** The gate, and then Envoy, as the pod starts them. */
async function startPod(flags: readonly string[] = []): Promise<ServeProcess> {
  const gate = await startContainer(flags)
  envoy = await startEnvoyWith(
    await shippedFile(`${overlay}/envoy.yaml`, [
      ['{ address: 0.0.0.0, port_value: 8000 }', '{ address: 127.0.0.1, port_value: 0 }'],
      ['port_value: 9901', 'port_value: 0'],
      ['port_value: 8002', `port_value: ${String(upstream.port)}`],
      [`pipe: { path: ${socketInPod} }`, `pipe: { path: ${socket} }`],
    ]),
  )
  cleanups.push(envoy.stop)
  return gate
}

async function send(line: string, ...headers: readonly string[]): Promise<RawAnswer> {
  const request = rawRequest(`${line} HTTP/1.1`, apiHost, ...headers)
  return await sendRaw(envoy.port, request, undefined, () => false)
}

async function bearer(): Promise<string> {
  return `authorization: Bearer ${await issuer.token()}`
}

describe('the pod of the sidecar overlay', () => {
  it.each([
    ['one process', []],
    ['two workers', ['--workers', '2']],
  ])('decides real requests, with a gate of %s', async (_, flags) => {
    await startPod(flags)
    const refused = await send('GET /read')
    expect(refused.status).toBe(401)
    expect(refused.headers['www-authenticate']).toEqual([
      'Bearer realm="users", scope="read:users"',
    ])
    expect((await send('POST /create', await bearer(), 'content-length: 0')).status).toBe(403)
    const elsewhere = rawRequest('GET /read HTTP/1.1', 'host: other.example.com', await bearer())
    expect((await sendRaw(envoy.port, elsewhere, undefined, () => false)).status).toBe(403)
    expect(upstream.reached).toEqual([])

    expect((await send('GET /health')).status).toBe(200)
    expect((await send('GET /read', await bearer(), 'x-auth-subject: admin')).status).toBe(200)
    expect(upstream.lastIdentity('x-auth-subject')).toEqual(['alice'])
    expect(upstream.requests.map(({ target }) => target)).toEqual(['/health', '/read'])
  })

  it('has a socket that other users cannot write to', async () => {
    await startPod()
    const { mode } = await stat(socket)
    expect(mode & 0o002).toBe(0)
  })

  it('is closed while the gate is gone, and opens when its container is started again', async () => {
    const killed = await startPod()
    expect((await send('GET /read', await bearer())).status).toBe(200)
    expect(await killed.end('SIGKILL')).toBe(null)
    expect((await stat(socket)).isSocket()).toBe(true)
    const reached = [...upstream.reached]
    for (const line of ['GET /read', 'GET /health']) {
      expect((await send(line, await bearer())).status).toBe(503)
    }
    expect(upstream.reached).toEqual(reached)

    await startContainer()
    await until(async () => (await send('GET /read', await bearer())).status === 200, 'a yes')
    expect((await send('GET /read')).status).toBe(401)
  })

  it('lets the gate end at once when it is told to, because nobody asks any more by then', async () => {
    const gate = await startPod()
    await envoy.stop()
    cleanups.splice(cleanups.indexOf(envoy.stop), 1)
    expect(await gate.end('SIGTERM')).toBe(0)
    await expect(stat(socket)).rejects.toMatchObject({ code: 'ENOENT' })
  })
})
