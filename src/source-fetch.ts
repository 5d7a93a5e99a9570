/**
 * How the keys of an issuer are fetched when its server is not one of the public Internet: by a certificate authority of its
 * own, and with a token (as the API server of Kubernetes asks for).
 *
 * The rules are:
 *   - with `caFile` only these authorities count, and the system's do not; the name of the server is checked as ever;
 *   - the token is sent to the origin that the configuration names and to no other, whatever a metadata document says, and
 *     only over TLS or to this machine;
 *   - both files are read at each fetch, so that they may change.
 */
import { readFile } from 'node:fs/promises'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { Readable } from 'node:stream'
import { urlOf, type Fetch, type IssuerKeyOptions } from './jwks/index.js'

/** A fetch for the keys of an issuer; `plain` is the one for what is not special. Rejects as it does. */
export function createSourceFetch(
  { source, caFile, bearerTokenFile }: IssuerKeyOptions,
  plain: Fetch,
): Fetch {
  const tokenFor = urlOf(source)
  if (tokenFor === undefined || (caFile === undefined && bearerTokenFile === undefined)) {
    return plain
  }
  return async (url, init) => {
    const headers = new Headers(init.headers)
    if (bearerTokenFile !== undefined && mayHaveToken(url, tokenFor)) {
      headers.set('authorization', `Bearer ${await readToken(bearerTokenFile)}`)
    }
    if (caFile === undefined) return await plain(url, { ...init, headers })
    return await fetchByAuthority(url, { ...init, headers }, await readFile(caFile))
  }
}

function mayHaveToken(url: string, tokenFor: string): boolean {
  const { origin, protocol, hostname } = new URL(url)
  const isPrivate = protocol === 'https:' || ['127.0.0.1', '[::1]', 'localhost'].includes(hostname)
  return isPrivate && origin === new URL(tokenFor).origin
}

async function readToken(path: string): Promise<string> {
  const token = (await readFile(path, 'latin1')).trim()
  // Never with the token: Headers would repeat it in its message.
  if (!/^[\x21-\x7e]+$/.test(token)) throw new Error(`${path} has no token`)
  return token
}

/**
 * Sends one request, with a text as its body or none, to a server for which the given authorities alone may vouch. Does not
 * follow redirects. Rejects as `fetch` does.
 */
export async function fetchByAuthority(
  url: string,
  init: RequestInit,
  ca: Buffer,
): Promise<Response> {
  const { signal, body, method } = init
  const options = {
    ...(method === undefined ? {} : { method }),
    headers: Object.fromEntries(new Headers(init.headers)),
    ...(signal === null || signal === undefined ? {} : { signal }),
  }
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const request = url.startsWith('https:')
      ? httpsRequest(url, { ...options, ca, agent: false }, resolve)
      : httpRequest(url, { ...options, agent: false }, resolve)
    // Node destroys a connection that was upgraded, and then tells of nothing but its end.
    request.on('close', () => {
      reject(new Error('the connection ended without an answer'))
    })
    request.on('error', reject).end(typeof body === 'string' ? body : undefined)
  })
  try {
    return toResponse(response)
  } catch (fault) {
    response.destroy() // Or the socket stays open for as long as the server likes.
    throw fault
  }
}

function toResponse(message: IncomingMessage): Response {
  const headers = new Headers()
  for (const [name, values = []] of Object.entries(message.headersDistinct)) {
    for (const value of values) headers.append(name, value)
  }
  const { statusCode: status = 500 } = message
  const hasBody = ![204, 205, 304].includes(status)
  if (!hasBody) message.resume()
  const body = hasBody ? (Readable.toWeb(message) as ReadableStream) : null
  return new Response(body, { status, headers })
}
