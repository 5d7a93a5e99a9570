/** Issuers behind a certificate authority of their own, and those that ask for a token, as Kubernetes does. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  createTestKey,
  startTestAuthorizationServer,
  type Answer,
  type TestAuthorizationServer,
} from '../../support/authorization-server.js'
import { createCertificateAuthority, createEndCertificate } from '../../support/certificates.js'
import { expectAllowed } from '../../support/golden-refusals.js'
import { pemOf } from '../../support/key-url-world.js'
import { startTestGate, testConfig, type TestGate } from '../../support/test-gate.js'
import { until } from '../../support/until.js'

const authority = createCertificateAuthority('authority')
const stranger = createCertificateAuthority('stranger')

let directory: string
let caFile: string
let bearerTokenFile: string
let signer: TestAuthorizationServer
const servers: Server[] = []
let gate: TestGate | undefined

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'scopegate-private-'))
  caFile = join(directory, 'ca.pem')
  bearerTokenFile = join(directory, 'token')
  await writeFile(caFile, authority.certificate)
  await writeFile(bearerTokenFile, 'service-account-token\n')
  signer = await startTestAuthorizationServer()
})

afterEach(async () => {
  await gate?.close()
  gate = undefined
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  await signer.close()
  await rm(directory, { recursive: true })
})

/** An HTTPS server with a certificate of the authority. Returns its origin. */
async function serve(answer: Answer, of = authority): Promise<string> {
  const { certificate: cert, key } = createEndCertificate('localhost', of)
  const server = createServer({ cert, key }, answer)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `https://127.0.0.1:${String((server.address() as AddressInfo).port)}`
}

async function start(issuer: string, keys: object): Promise<TestGate> {
  const issuers = [{ id: 'main', issuer, keys }]
  gate = await startTestGate(testConfig(issuer, { issuers }), { awaitReady: false })
  return gate
}

async function detail(): Promise<string> {
  return (await gate!.readyz()).body.components['issuer:main']!.detail ?? ''
}

async function expectReads(issuer: string): Promise<void> {
  await until(async () => (await gate!.readyz()).status === 200)
  const token = await signer.token({ iss: issuer })
  const headers = { authorization: `Bearer ${token}` }
  expectAllowed(await gate!.client.check({ path: '/read', headers }))
}

const upgrade = 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'
const status999 = 'HTTP/1.1 999 None\r\ncontent-length: 100000\r\n\r\n{'
const jwks = () => JSON.stringify({ keys: signer.keys.map(({ jwk }) => jwk) })

describe('a server with a certificate authority of its own', () => {
  it('is believed by caFile, also when it is replaced, and its discovery too', async () => {
    let origin = ''
    origin = await serve((request, response) => {
      const isKeys = request.url === '/jwks'
      response.end(isKeys ? jwks() : JSON.stringify({ issuer: origin, jwks_uri: `${origin}/jwks` }))
    })
    await writeFile(caFile, stranger.certificate)
    await start(origin, { discovery: true, caFile })
    await until(async () => (await detail()).includes('certificate'), 'the certificate is refused')
    await writeFile(caFile, authority.certificate)
    await expectReads(origin)
  })

  it('is believed by caFile for keys that have a URL each, and gets its token', async () => {
    const [key] = signer.keys
    const asked: (string | undefined)[] = []
    const origin = await serve((request, response) => {
      asked.push(request.url, request.headers.authorization)
      response.end(pemOf(key!.jwk))
    })
    const keyUrl = `${origin}/keys/{kid}`
    await start('https://issuer.example', { keyUrl, caFile, bearerTokenFile })
    await expectReads('https://issuer.example')
    expect(asked).toEqual([`/keys/${key!.jwk.kid}`, 'Bearer service-account-token'])
  })

  it.each([
    ['without caFile', false],
    ['when another authority signed it', true],
  ])('is not believed %s', async (_, hasCaFile) => {
    const origin = await serve(
      (_request, response) => response.end(jwks()),
      hasCaFile ? stranger : authority,
    )
    await start('https://issuer.example', {
      jwksUri: `${origin}/jwks`,
      ...(hasCaFile ? { caFile } : {}),
    })
    await until(async () => /certificate|VERIFY|self.signed/i.test(await detail()))
  })

  it.each<[string, Answer, RegExp]>([
    ['500', (_, response) => response.writeHead(500).end(), /status 500/],
    ['204', (_, response) => response.writeHead(204).end(), /status 204/],
    ['10 MiB', (_, response) => response.end(Buffer.alloc(10_485_760, 0x20)), /more than 1048576/],
    ['nothing', () => undefined, /timeout|aborted/],
    [
      'a change of protocol',
      (_, response) => void response.socket!.end(upgrade),
      /without an answer/,
    ],
    ['a status that is none', (_, response) => void response.socket!.write(status999), /status/],
    ['half a body', (_, response) => response.writeHead(200).write('{'), /timeout|aborted/],
    [
      'a redirect elsewhere',
      (_, response) => response.writeHead(302, { location: 'https://127.0.0.1:1/' }).end(),
      /another origin/,
    ],
  ])('is bounded as any other when it answers %s', async (_, answer, message) => {
    const origin = await serve(answer)
    await start('https://issuer.example', {
      jwksUri: `${origin}/jwks`,
      caFile,
      // Whatever else is wrong must show before time is up, on a busy machine too.
      timeoutSeconds: message.test('timeout') ? 0.3 : 20,
    })
    await until(async () => message.test(await detail()), String(message))
  })
})

describe('a server that asks for a token', () => {
  const authorizationOf = ({ headers }: IncomingMessage): string | undefined =>
    headers.authorization

  it('gets it, read afresh each time', async () => {
    const seen: (string | undefined)[] = []
    const origin = await serve((request, response) => {
      seen.push(authorizationOf(request))
      response.writeHead(seen.at(-1) === 'Bearer second' ? 200 : 401).end(jwks())
    })
    await start('https://cluster.example', { jwksUri: `${origin}/jwks`, caFile, bearerTokenFile })
    await until(async () => (await detail()).includes('status 401'))
    await writeFile(bearerTokenFile, 'second')
    await expectReads('https://cluster.example')
    expect(seen[0]).toBe('Bearer service-account-token')
  })

  it('is the only one that gets it, whatever its metadata says', async () => {
    const [seenBy, key] = [new Map<string, string | undefined>(), await createTestKey()]
    signer.keys = [key]
    const elsewhere = await serve((request, response) => {
      seenBy.set('elsewhere', authorizationOf(request))
      response.end(jwks())
    })
    let origin = ''
    origin = await serve((request, response) => {
      seenBy.set('issuer', authorizationOf(request))
      response.end(JSON.stringify({ issuer: origin, jwks_uri: `${elsewhere}/jwks` }))
    })
    await start(origin, { discovery: true, caFile, bearerTokenFile })
    await expectReads(origin)
    expect(Object.fromEntries(seenBy)).toEqual({
      issuer: 'Bearer service-account-token',
      elsewhere: undefined,
    })
  })

  it.each(['', 'two words', 'line\nline', 'ü'])(
    'is not asked with what is no token: %j',
    async (text) => {
      let isAsked = false
      const origin = await serve((_, response) => {
        isAsked = true
        response.end(jwks())
      })
      await writeFile(bearerTokenFile, text)
      await start('https://cluster.example', { jwksUri: `${origin}/jwks`, caFile, bearerTokenFile })
      await until(async () => (await detail()).endsWith('has no token'))
      expect(isAsked).toBe(false)
    },
  )
})
