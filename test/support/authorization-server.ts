/**
 * An authorization server under the test's control: it signs whatever it is asked to, and its documents can be made to
 * fail in every way. Not for production code to learn from.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  CompactSign,
  exportJWK,
  generateKeyPair,
  type CryptoKey,
  type JWK,
  type JWTHeaderParameters,
} from 'jose'

/** A key pair whose public half the server may publish. */
export interface TestKey {
  readonly privateKey: CryptoKey
  readonly jwk: JWK & { kid: string }
  readonly algorithm: string
}

export type Answer = (request: IncomingMessage, response: ServerResponse) => void

export interface TestAuthorizationServer {
  readonly issuer: string
  /** How often each path was asked for. */
  readonly requests: Map<string, number>
  /** The keys that the JWKS document publishes; replace to rotate. */
  keys: TestKey[]
  /** Replaces the answer of a path; undefined restores it. */
  answer(path: string, answer: Answer | undefined): void
  /** Claims of a good token of the RFC 9068 profile, with changes; a change to undefined removes the claim. */
  claims(changes?: Record<string, unknown>): Record<string, unknown>
  /** A token with the first key. Header changes to undefined remove the member. */
  token(claims?: Record<string, unknown>, header?: Record<string, unknown>): Promise<string>
  /** Signs any payload with a key. */
  sign(payload: string, header: Record<string, unknown>, key?: TestKey): Promise<string>
  close(): Promise<void>
}

export const testAudience = 'https://api.example.com'

export async function createTestKey(
  algorithm = 'ES256',
  kid = crypto.randomUUID(),
): Promise<TestKey> {
  const { publicKey, privateKey } = await generateKeyPair(algorithm, { extractable: true })
  const jwk = await exportJWK(publicKey)
  return { privateKey, algorithm, jwk: { ...jwk, kid, alg: algorithm, use: 'sig' } }
}

export function sendJson(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

export async function startTestAuthorizationServer(
  algorithm = 'ES256',
): Promise<TestAuthorizationServer> {
  const requests = new Map<string, number>()
  const answers = new Map<string, Answer>()
  const keys = [await createTestKey(algorithm)]
  const http = createServer((request, response) => {
    const path = request.url ?? ''
    requests.set(path, (requests.get(path) ?? 0) + 1)
    const answer = answers.get(path)
    if (answer !== undefined) answer(request, response)
    else if (path === '/jwks') sendJson(response, { keys: server.keys.map((key) => key.jwk) })
    else if (path === '/.well-known/oauth-authorization-server') {
      sendJson(response, { issuer: server.issuer, jwks_uri: `${server.issuer}/jwks` })
    } else response.writeHead(404).end()
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${String((http.address() as AddressInfo).port)}`

  const server: TestAuthorizationServer = {
    issuer,
    requests,
    keys,
    answer(path, answer) {
      if (answer === undefined) answers.delete(path)
      else answers.set(path, answer)
    },
    claims(changes = {}) {
      const now = Math.floor(Date.now() / 1000)
      return {
        iss: issuer,
        sub: 'alice',
        aud: testAudience,
        client_id: 'app',
        scope: 'read:users',
        jti: crypto.randomUUID(),
        iat: now,
        exp: now + 300,
        ...changes,
      }
    },
    async token(claims, header) {
      return await server.sign(JSON.stringify(server.claims(claims)), header ?? {})
    },
    async sign(payload, header, key = server.keys[0]) {
      if (key === undefined) throw new Error('the server has no key')
      const full = { alg: key.algorithm, typ: 'at+jwt', kid: key.jwk.kid, ...header }
      return await new CompactSign(new TextEncoder().encode(payload))
        .setProtectedHeader(JSON.parse(JSON.stringify(full)) as JWTHeaderParameters)
        .sign(key.privateKey)
    },
    async close() {
      http.closeAllConnections()
      await new Promise((resolve) => http.close(resolve))
    },
  }
  return server
}
