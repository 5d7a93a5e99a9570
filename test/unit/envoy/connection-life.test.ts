/** Connections whose clients do not end them: they end all the same, and nobody waits for them. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createCertificateAuthority, createEndCertificate } from '../../support/certificates.js'
import { frame, frameType, preface } from '../../support/raw-http2.js'
import { startTestDoor, type TestDoor, type TestDoorOptions } from '../../support/test-door.js'
import { until } from '../../support/until.js'

const certificate = createEndCertificate('server', createCertificateAuthority('Test CA'))
const clients: Socket[] = []
let directory: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'scopegate-life-'))
  await writeFile(join(directory, 'key.pem'), certificate.key)
  await writeFile(join(directory, 'cert.pem'), certificate.certificate)
})

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy()
  await rm(directory, { recursive: true })
})

function tls(): NonNullable<TestDoorOptions['server']> {
  return {
    tls: {
      certFile: join(directory, 'cert.pem'),
      keyFile: join(directory, 'key.pem'),
      clientCaFile: undefined,
      reloadMs: 10_000,
      onReloadFault: () => undefined,
    },
  }
}

/** A client that connects, and never ends its side. */
async function connectTo({ address }: TestDoor): Promise<Socket> {
  const port = Number(address.split(':').at(-1))
  const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  clients.push(client)
  client.on('error', () => undefined)
  await new Promise((resolve) => client.once('connect', resolve))
  return client
}

describe('a connection that its client does not end', () => {
  it.each([
    ['and that never says anything', false, Buffer.alloc(0)],
    ['of HTTP/2', false, Buffer.concat([preface, frame(frameType.settings, 0, 0)])],
    ['of half a TLS handshake', true, Buffer.from([22, 3, 1])],
  ])('%s does not keep the door from closing', async (_name, isTls, bytes) => {
    const door = await startTestDoor({ server: isTls ? tls() : {} })
    const client = await connectTo(door)
    client.write(bytes)
    const started = performance.now()
    await door.close(0)
    expect(performance.now() - started).toBeLessThan(30_000)
  })

  it('ends a little after its age is over', async () => {
    const door = await startTestDoor({
      server: { maxConnectionAgeMs: 20, maxConnectionAgeGraceMs: 0 },
    })
    try {
      const client = await connectTo(door)
      client.write(Buffer.concat([preface, frame(frameType.settings, 0, 0)]))
      client.resume()
      await new Promise((resolve) => client.once('end', resolve))
      // Who has ended only its own side takes what is written for ever; who is gone answers it with a reset.
      const fault = new Promise<NodeJS.ErrnoException>((resolve) => client.once('error', resolve))
      await until(() => {
        if (!client.destroyed) client.write('x')
        return client.destroyed
      }, 'a reset')
      expect((await fault).code).toMatch(/^(ECONNRESET|EPIPE)$/)
    } finally {
      await door.close(0)
    }
  })
})
