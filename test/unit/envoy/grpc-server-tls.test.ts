/** TLS and mTLS of the gRPC server, and certificates that are replaced while it runs. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { credentials, type ChannelCredentials } from '@grpc/grpc-js'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  createCertificateAuthority,
  createEndCertificate,
  type TestCertificate,
} from '../../support/certificates.js'
import { createCheckClient } from '../../support/check-client.js'
import { startTestDoor, type TestDoor } from '../../support/test-door.js'
import { until } from '../../support/until.js'

const authority = createCertificateAuthority('Test CA')
const otherAuthority = createCertificateAuthority('Other CA')
const server = createEndCertificate('server one', authority)
const successor = createEndCertificate('server two', authority)
const client = createEndCertificate('client', authority)
const stranger = createEndCertificate('stranger', otherAuthority)

let directory: string
let door: TestDoor | undefined
let reloadFaults: unknown[]

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'scopegate-tls-'))
  reloadFaults = []
  await write(server)
})

afterEach(async () => {
  await door?.close(0)
  door = undefined
  await rm(directory, { recursive: true })
})

async function write({ certificate, key }: TestCertificate, ca = authority): Promise<void> {
  await writeFile(join(directory, 'ca.pem'), ca.certificate)
  await writeFile(join(directory, 'key.pem'), key)
  await writeFile(join(directory, 'cert.pem'), certificate)
}

async function open(asksForClients = false): Promise<TestDoor> {
  door = await startTestDoor({
    server: {
      tls: {
        certFile: join(directory, 'cert.pem'),
        keyFile: join(directory, 'key.pem'),
        clientCaFile: asksForClients ? join(directory, 'ca.pem') : undefined,
        reloadMs: 5,
        onReloadFault: (fault) => {
          reloadFaults.push(fault)
        },
      },
    },
  })
  return door
}

function clientCredentials(own?: TestCertificate, trusted = authority): ChannelCredentials {
  const root = Buffer.from(trusted.certificate)
  return own === undefined
    ? credentials.createSsl(root)
    : credentials.createSsl(root, Buffer.from(own.key), Buffer.from(own.certificate))
}

async function ask(address: string, channel: ChannelCredentials): Promise<string> {
  const checks = createCheckClient(named(address), channel)
  try {
    return (await checks.check({ path: '/read' }, 5_000)).kind
  } finally {
    checks.close()
  }
}

/** The address by name: TLS has no server name for an IP address (RFC 6066 section 3). */
function named(address: string): string {
  return address.replace('127.0.0.1', 'localhost')
}

/** The name in the certificate that a new connection is shown. */
async function shownName(address: string): Promise<string> {
  const [host = '', port] = address.split(':')
  return await new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port: Number(port),
      ca: authority.certificate,
      ALPNProtocols: ['h2'],
    })
    socket.once('error', reject)
    socket.once('secureConnect', () => {
      const { CN } = socket.getPeerCertificate().subject
      socket.destroy()
      resolve(CN)
    })
  })
}

describe('the server with TLS', () => {
  it('answers a client that trusts its issuer', async () => {
    const { address } = await open()
    expect(await ask(address, clientCredentials())).toBe('ok')
    expect(await shownName(address)).toBe('server one')
  })

  it('is not trusted by a client of another issuer', async () => {
    const { address } = await open()
    await expect(ask(address, clientCredentials(undefined, otherAuthority))).rejects.toThrow(
      /UNAVAILABLE/,
    )
  })

  it('speaks nothing but HTTP/2', async () => {
    const { address } = await open()
    const socket = connect({
      port: Number(address.split(':').at(-1)),
      ca: authority.certificate,
      ALPNProtocols: ['http/1.1'],
    })
    const fault = await new Promise<Error>((resolve) => socket.once('error', resolve))
    expect(fault.message).toMatch(/no application protocol/)
  })

  it('does not answer plain text', async () => {
    const { address } = await open()
    await expect(ask(address, credentials.createInsecure())).rejects.toThrow(/UNAVAILABLE/)
  })

  it('does not start without its files', async () => {
    await rm(join(directory, 'key.pem'))
    await expect(open()).rejects.toThrow(/ENOENT.*key\.pem/)
  })

  it('does not start with the key of another certificate', async () => {
    await writeFile(join(directory, 'key.pem'), successor.key)
    await expect(open()).rejects.toThrow(/key values mismatch/)
  })
})

describe('the server with mutual TLS', () => {
  it('answers a client of its authority', async () => {
    const { address } = await open(true)
    expect(await ask(address, clientCredentials(client))).toBe('ok')
  })

  it.each([
    ['without a certificate', undefined],
    ['of another authority', stranger],
  ])('answers no client %s', async (_name, own) => {
    const { address, events } = await open(true)
    await expect(ask(address, clientCredentials(own))).rejects.toThrow(/UNAVAILABLE/)
    expect(events).toEqual([])
  })

  it('takes a new authority for new connections', async () => {
    const { address } = await open(true)
    await writeFile(join(directory, 'ca.pem'), otherAuthority.certificate)
    await until(
      async () => (await ask(address, clientCredentials(stranger)).catch(() => '')) === 'ok',
    )
    await expect(ask(address, clientCredentials(client))).rejects.toThrow(/UNAVAILABLE/)
  })
})

describe('certificate files that change', () => {
  it('are shown to new connections, while old ones go on', async () => {
    const { address } = await open()
    const old = createCheckClient(named(address), clientCredentials())
    expect((await old.check({ path: '/read' })).kind).toBe('ok')

    await write(successor)
    await until(async () => (await shownName(address)) === 'server two')
    expect((await old.check({ path: '/read' })).kind).toBe('ok')
    old.close()
    expect(await ask(address, clientCredentials())).toBe('ok')
  })

  it.each([
    ['half written', 'cert.pem', successor.certificate.slice(0, 200)],
    ['empty', 'cert.pem', ''],
    ['of another pair', 'key.pem', successor.key],
    ['no key', 'key.pem', 'not a key'],
  ])('change nothing while one is %s', async (_name, file, content) => {
    const { address } = await open()
    await writeFile(join(directory, file), content)
    await until(() => reloadFaults.length >= 2, 'two looks at the broken file')
    expect(await shownName(address)).toBe('server one')
    expect(await ask(address, clientCredentials())).toBe('ok')

    await write(successor)
    await until(async () => (await shownName(address)) === 'server two')
  })

  it('are not looked at once the server is closed', async () => {
    await (await open()).close(0)
    await rm(join(directory, 'key.pem'))
    const faults = reloadFaults.length
    let isLater = false
    setTimeout(() => (isLater = true), 30) // Six intervals.
    await until(() => isLater)
    expect(reloadFaults.length).toBe(faults)
  })
})
