/**
 * The admin port's page `/revocations`: operators revoke with POST and see with GET what is in force, by number.
 *
 * The rules are:
 *   - nobody is answered without the admin token, and the challenge says no more than that (RFC 6750 section 3);
 *   - 201 means that it is in force here and that the store took it; whoever got 503 should send it again;
 *   - no answer and no log line repeats a value but to the caller who sent it.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { parseJsonObject } from '../strict-json.js'
import { isAuthorized, parseAdminToken } from './admin-token.js'
import type { RevocationObserver } from './observer.js'
import type { RevocationParse } from './parse-revocation.js'
import type { Revocation, RevocationCounts } from './revocation.js'
import { formatTime } from './rfc3339.js'

/** What became of a revocation: in force everywhere, only here, or nowhere because there is no room. */
export type Revoked = 'shared' | 'here' | 'unsaved' | 'full'

/** What the page needs. */
export interface RevocationApiDependencies {
  /** The text of the token file, afresh each time. */
  readonly readTokenFile: () => Promise<string>
  readonly parse: (value: unknown) => RevocationParse
  readonly revoke: (revocation: Revocation) => Promise<Revoked>
  readonly status: () => {
    readonly entries: RevocationCounts
    readonly maxEntries: number
    /** What is wrong with the store; undefined without one and while nothing is. */
    readonly storeFault: string | undefined
  }
  readonly observer: RevocationObserver
}

/** A page of the admin port. `answer` takes the methods that are named, and ends the response. */
export interface RevocationPage {
  readonly methods: readonly string[]
  answer(request: IncomingMessage, response: ServerResponse): Promise<void>
}

const maxBodyBytes = 16_384

/** The page. */
export function createRevocationApi(dependencies: RevocationApiDependencies): RevocationPage {
  const { observer } = dependencies
  let toldProblem: string | undefined

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const file = await dependencies.readTokenFile().then(parseAdminToken, () => undefined)
    if (file?.kind !== 'token') {
      const problem = file === undefined ? 'cannot be read' : file.message
      // Once for each problem: anybody can ask, and as often as they like.
      if (problem !== toldProblem) {
        toldProblem = problem
        observer.noted('warn', 'the admin token file cannot be used, so nobody is answered', {
          problem,
        })
      }
      send(response, 503, { message: 'the admin token file cannot be used' }) // Fail closed: nobody can be told apart.
    } else if (!isAuthorized(request.headers.authorization, file.token)) {
      observer.counted('api', 'unauthorized')
      const error = request.headers.authorization === undefined ? '' : ', error="invalid_token"'
      response.setHeader('www-authenticate', `Bearer realm="scopegate-admin"${error}`)
      send(response, 401, { message: 'the token of adminTokenFile is required' })
    } else if (request.method === 'POST') {
      await revoke(request, response)
    } else {
      const { entries, maxEntries, storeFault } = dependencies.status()
      const fault = storeFault === undefined ? {} : { storeFault }
      send(response, 200, { entries, maxEntries, ...fault })
    }
  }

  async function revoke(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request)
    if (body === undefined) {
      send(response, 413, { message: `a body has at most ${String(maxBodyBytes)} bytes` })
      return
    }
    const value = parseJsonObject(body)
    if (value === undefined) {
      send(response, 400, {
        message: 'the body is not a JSON object in UTF-8 with every name once',
      })
      return
    }
    const parsed = dependencies.parse(value)
    if (parsed.kind === 'problem') {
      const { field, message } = parsed
      observer.counted('api', parsed.isUnknownIssuer === true ? 'unknown_issuer' : 'malformed')
      const sentence = field === undefined ? `the body ${message}` : `"${field}" ${message}`
      send(response, 400, { ...(field === undefined ? {} : { field }), message: sentence })
      return
    }
    const { revocation } = parsed
    conclude(response, revocation, await dependencies.revoke(revocation))
  }

  function conclude(response: ServerResponse, revocation: Revocation, revoked: Revoked): void {
    const { issuerId, kind, value, issuedBeforeSeconds, untilMs } = revocation
    if (revoked === 'full') {
      observer.counted('api', 'full')
      send(response, 503, { message: 'the list is full (maxEntries): nothing was revoked' })
      return
    }
    observer.counted('api', revoked === 'unsaved' ? 'failed' : 'taken')
    const until = formatTime(untilMs)
    observer.noted('info', 'revoked', {
      issuer: issuerId,
      kind,
      until,
      shared: revoked === 'shared',
    })
    if (revoked === 'unsaved') {
      const message =
        'in force in this replica only, because the store did not take it: send it again'
      response.setHeader('retry-after', '1')
      send(response, 503, { message })
      return
    }
    send(response, 201, {
      issuer: issuerId,
      [kind]: value,
      ...(issuedBeforeSeconds === undefined ? {} : { issuedBefore: issuedBeforeSeconds }),
      until,
      replicas: revoked === 'shared' ? 'all' : 'this one',
    })
  }

  return { methods: ['GET', 'HEAD', 'POST'], answer }
}

function send(response: ServerResponse, status: number, body: object): void {
  response
    .writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
    .end(`${JSON.stringify(body)}\n`)
}

/** The body, or undefined when it is too large. Rejects when the client goes away. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes <= maxBodyBytes) chunks.push(chunk)
    // To its end, so that the client reads the answer; the server's own time-out bounds it.
  }
  return bytes > maxBodyBytes ? undefined : Buffer.concat(chunks)
}
