/** TLS and mTLS of the HTTP doors, and certificates that are replaced while they run. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls, TLSSocket } from 'node:tls'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Check } from '../../../src/check/index.js'
import {
  createForwardAuthService,
  dialects,
  startForwardAuthServer,
  type ForwardAuthServer,
  type ForwardAuthServerOptions,
} from '../../../src/forward-auth/index.js'
import {
  createCertificateAuthority,
  createEndCertificate,
  type TestCertificate,
} from '../../support/certificates.js'
import { testAllow, testRefusal } from '../../support/decisions.js'
import { httpQuestion } from '../../support/http-question.js'
import { until } from '../../support/until.js'

const authority = createCertificateAuthority('Test CA')
const server = createEndCertificate('server one', authority)
const successor = createEndCertificate('server two', authority)
const proxy = createEndCertificate('proxy', authority)
const stranger = createEndCertificate('stranger', createCertificateAuthority('Other CA'))

let directory: string
let doors: ForwardAuthServer | undefined
const reloadFaults: unknown[] = []

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'scopegate-tls-'))
  await write(server)
})
afterEach(async () => {
  await doors?.close(0)
  await rm(directory, { recursive: true })
})

async function write({ certificate, key }: TestCertificate): Promise<void> {
  await writeFile(join(directory, 'ca.pem'), authority.certificate)
  await writeFile(join(directory, 'key.pem'), key)
  await writeFile(join(directory, 'cert.pem'), certificate)
}

async function open(
  asksForClients: boolean,
  limits: Partial<ForwardAuthServerOptions> = {},
): Promise<void> {
  const check: Check = Object.assign(() => testAllow(), { refuse: testRefusal })
  const service = createForwardAuthService({
    check,
    observer: { decided: () => undefined },
    nextDecisionId: () => '0123456789abcdef00000001',
    monotonicMs: () => 0,
    onFault: () => undefined,
    dialects: dialects({ defersUnavailable: false }),
    managedHeaders: () => [],
  })
  doors = await startForwardAuthServer(
    {
      address: '127.0.0.1:0',
      tls: {
        certFile: join(directory, 'cert.pem'),
        keyFile: join(directory, 'key.pem'),
        clientCaFile: asksForClients ? join(directory, 'ca.pem') : undefined,
        reloadMs: 5,
        onReloadFault: (fault) => reloadFaults.push(fault),
      },
      trustedProxies: ['127.0.0.1'],
      maxHeaderBytes: 65_536,
      maxConnections: 100,
      requestTimeoutMs: 10_000,
      keepAliveMs: 10_000,
      ...limits,
    },
    service,
  )
}

/** The status and the name that the server showed; status 0 when the handshake failed. */
async function ask(own?: TestCertificate): Promise<{ status: number; name: string }> {
  const identity = own === undefined ? {} : { cert: own.certificate, key: own.key }
  const headers = { 'x-forwarded-method': 'GET', 'x-forwarded-uri': '/', 'x-forwarded-host': 'x' }
  return await new Promise((resolve) => {
    request(
      `https://${doors?.address ?? ''}/caddy`,
      { ...identity, ca: authority.certificate, servername: 'localhost', agent: false, headers },
      (response) => {
        const { socket } = response
        const name = socket instanceof TLSSocket ? socket.getPeerCertificate().subject.CN : ''
        response.resume()
        resolve({ status: response.statusCode ?? 0, name })
      },
    )
      .on('error', () => {
        resolve({ status: 0, name: '' })
      })
      .end()
  })
}

it('answers over TLS', async () => {
  await open(false)
  expect(await ask()).toEqual({ status: 200, name: 'server one' })
})

it('answers what Node has to read over TLS, too, and what comes behind it', async () => {
  await open(false)
  const port = Number(doors?.address.split(':')[1])
  const client = connectTls({
    port,
    host: '127.0.0.1',
    ca: authority.certificate,
    servername: 'localhost',
  })
  let received = ''
  client.setEncoding('latin1').on('data', (text: string) => (received += text))
  const usual = httpQuestion('caddy', { path: '/' })
  const withBody = usual.replace(/\r\n\r\n$/, '\r\ncontent-length: 3\r\n\r\nabc')
  client.write(usual + withBody + usual)
  try {
    await until(() => received.match(/HTTP\/1\.1 200 OK/g)?.length === 3)
    client.write(usual)
    await until(() => received.match(/HTTP\/1\.1 200 OK/g)?.length === 4)
  } finally {
    client.destroy()
  }
})

it('asks for a certificate of its CA where it is told to', async () => {
  await open(true)
  expect((await ask(proxy)).status).toBe(200)
  expect((await ask()).status).toBe(0)
  expect((await ask(stranger)).status).toBe(0)
})

it('takes certificates that are replaced, and keeps the last good ones', async () => {
  await open(false)
  await write(successor)
  await until(async () => (await ask()).name === 'server two')
  await writeFile(join(directory, 'key.pem'), server.key)
  await until(() => reloadFaults.length > 0)
  expect(await ask()).toEqual({ status: 200, name: 'server two' })
})

it('closes beside a client with half a handshake', async () => {
  await open(false)
  const client = await begin(Buffer.from([22, 3, 1]))
  try {
    await doors?.close(0) // Node itself waits for two minutes, longer than this test may.
    await new Promise((resolve) => client.once('close', resolve).resume())
  } finally {
    client.destroy()
  }
})

/** Opens a connection and says this much of a handshake. */
async function begin(octets: Buffer): Promise<Socket> {
  const client = connect(Number(doors?.address.split(':')[1]), '127.0.0.1')
  client.on('error', () => undefined).resume()
  await new Promise((resolve) => client.once('connect', resolve))
  client.write(octets)
  return client
}

it.each([
  ['nothing', ''],
  ['half a handshake', '160301'],
])('takes the place back from who says %s and leaves', async (_, octets) => {
  await open(false, { maxConnections: 1 })
  for (let count = 0; count < 3; count++) {
    const client = await begin(Buffer.from(octets, 'hex'))
    client.end()
    await new Promise((resolve) => client.once('close', resolve))
  }
  await until(async () => (await ask()).status === 200)
})

it('ends a handshake that takes too long', async () => {
  await open(false, { maxConnections: 1, requestTimeoutMs: 50 })
  const client = await begin(Buffer.from('160301', 'hex'))
  await until(() => client.closed)
  await until(async () => (await ask()).status === 200)
})
