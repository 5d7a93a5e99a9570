/**
 * A small authorization server for trying things out: discovery, JWKS, client credentials and key rotation.
 *
 * It is not for production: one client with a public secret, any scope for the asking, keys in memory only. Its tokens
 * are real ones of the RFC 9068 profile, so that what works with it works with a real server.
 */
import { createHash, randomUUID, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import {
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  SignJWT,
  type CryptoKey,
  type JWK,
} from 'jose'

/** How the server presents itself. */
export interface DevServerOptions {
  readonly host: string
  readonly port: number
  /** The audience of tokens for which the client names no `resource`. */
  readonly audience: string
}

/** A server that listens. */
export interface DevServer {
  /** The issuer, which is also the server's address. */
  readonly issuer: string
  close(): Promise<void>
}

interface SigningKey {
  readonly privateKey: CryptoKey
  readonly publicJwk: JWK
}

const client = { id: 'demo', secret: 'demo' }
const tokenLifeSeconds = 3_600
const maxBodyBytes = 16_384

/** Starts the server. Rejects when the address cannot be bound. */
export async function startDevServer(options: DevServerOptions): Promise<DevServer> {
  let signingKey = await createSigningKey()
  const server = createServer((request, response) => {
    answer(request, response).catch(() => {
      if (!response.headersSent) send(response, 500, { error: 'server_error' })
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, options.host, resolve)
  })
  const bound = server.address()
  const port = typeof bound === 'object' && bound !== null ? bound.port : options.port
  const issuer = `http://${options.host}:${String(port)}`

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url?.split('?', 1)[0] ?? ''
    const key = `${request.method ?? ''} ${path}`
    switch (key) {
      case 'GET /.well-known/oauth-authorization-server':
      case 'GET /.well-known/openid-configuration':
        send(response, 200, metadata(issuer))
        return
      case 'GET /jwks':
        send(response, 200, { keys: [signingKey.publicJwk] })
        return
      case 'POST /rotate':
        signingKey = await createSigningKey()
        send(response, 200, { kid: signingKey.publicJwk.kid })
        return
      case 'POST /token':
        await answerToken(request, response)
        return
      default:
        send(response, 404, { error: 'not_found' })
    }
  }

  async function answerToken(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request)
    if (body === undefined) {
      response.setHeader('connection', 'close') // What is left of the body must not be read as the next request.
      send(response, 413, { error: 'invalid_request' })
      return
    }
    const form = new URLSearchParams(body)
    if (!isClient(request.headers.authorization, form)) {
      response.setHeader('www-authenticate', 'Basic realm="dev"')
      send(response, 401, { error: 'invalid_client' })
      return
    }
    if (form.get('grant_type') !== 'client_credentials') {
      send(response, 400, { error: 'unsupported_grant_type' })
      return
    }
    const scope = form.get('scope') ?? ''
    const resources = form.getAll('resource')
    const audience = resources.length === 0 ? [options.audience] : resources
    const accessToken = await new SignJWT({ client_id: client.id, scope })
      .setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', kid: signingKey.publicJwk.kid ?? '' })
      .setIssuer(issuer)
      .setSubject(client.id)
      .setAudience(audience.length === 1 ? (audience[0] ?? '') : audience)
      .setIssuedAt()
      .setExpirationTime(`${String(tokenLifeSeconds)}s`)
      .setJti(randomUUID())
      .sign(signingKey.privateKey)
    send(response, 200, {
      access_token: accessToken,
      token_type: 'Bearer',
      expires_in: tokenLifeSeconds,
      scope,
    })
  }

  return {
    issuer,
    async close() {
      server.closeAllConnections()
      await new Promise<void>((resolve) => {
        server.close(() => {
          resolve()
        })
      })
    },
  }
}

function metadata(issuer: string): object {
  return {
    issuer,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
    grant_types_supported: ['client_credentials'],
    response_types_supported: [],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
  }
}

async function createSigningKey(): Promise<SigningKey> {
  const { publicKey, privateKey } = await generateKeyPair('RS256')
  const jwk = await exportJWK(publicKey)
  const kid = (await calculateJwkThumbprint(jwk)).slice(0, 16)
  return { privateKey, publicJwk: { ...jwk, kid, alg: 'RS256', use: 'sig' } }
}

/** RFC 6749 section 2.3.1: HTTP Basic, or both values in the form. */
function isClient(authorization: string | undefined, form: URLSearchParams): boolean {
  const basic = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(authorization ?? '')?.[1]
  const given =
    basic === undefined
      ? `${form.get('client_id') ?? ''}:${form.get('client_secret') ?? ''}`
      : Buffer.from(basic, 'base64').toString('utf8')
  return timingSafeEqual(digest(given), digest(`${client.id}:${client.secret}`))
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

/** The body as text; undefined when it is larger than a form of ours can be. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  // Not destroyed when the loop ends early: the answer goes out by the same connection.
  const body = request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>
  for await (const chunk of body) {
    bytes += chunk.length
    if (bytes > maxBodyBytes) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
  response.end(`${JSON.stringify(body)}\n`)
}
