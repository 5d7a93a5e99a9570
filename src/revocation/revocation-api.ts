/**
 * The admin port's page `/revocations`: operators revoke with POST and see with GET what is in force, by number.
 *
 * The rules are:
 *   - nobody is answered without the admin token, and the challenge says no more than that (RFC 6750 section 3);
 *   - 201 means that it is in force here and that the store took it; whoever got 503 should send it again;
 *   - no answer and no log line repeats a value but to the caller who sent it.
 */
import { parseJsonObject } from '../strict-json.js'
import { isAuthorized, parseAdminToken } from './admin-token.js'
import type { RevocationObserver } from './observer.js'
import type { RevocationParse } from './parse-revocation.js'
import type { Revocation, RevocationCounts } from './revocation.js'
import { formatTime } from './rfc3339.js'

/**
 * What became of a revocation: in force everywhere, only here as it should be, only here because the store did not take
 * it, not in every worker of this gate, or nowhere because there is no room.
 */
export type Revoked = 'shared' | 'here' | 'unsaved' | 'partly' | 'full'

const unfinished = {
  unsaved: 'in force in this replica only, because the store did not take it: send it again',
  partly: 'not in force in every worker of this replica yet: send it again',
} as const

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

/** What the admin port was asked. */
export interface RevocationQuestion {
  readonly method: string
  readonly authorization: string | undefined
  /** Reads the body; undefined when it is larger than the page takes. */
  readonly body: () => Promise<Buffer | undefined>
}

/** What the admin port is to answer: JSON, with these headers beside its own. */
export interface RevocationAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: object
}

/** A page of the admin port; `answer` takes the methods that are named. Rejects when the client goes away. */
export interface RevocationPage {
  readonly methods: readonly string[]
  readonly maxBodyBytes: number
  answer(question: RevocationQuestion): Promise<RevocationAnswer>
}

const maxBodyBytes = 16_384

/** The page. */
export function createRevocationApi(dependencies: RevocationApiDependencies): RevocationPage {
  const { observer } = dependencies
  let toldProblem: string | undefined

  async function answer(question: RevocationQuestion): Promise<RevocationAnswer> {
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
      // Fail closed: nobody can be told apart.
      return say(503, { message: 'the admin token file cannot be used' })
    }
    if (!isAuthorized(question.authorization, file.token)) {
      observer.counted('api', 'unauthorized')
      const error = question.authorization === undefined ? '' : ', error="invalid_token"'
      const challenge = { 'www-authenticate': `Bearer realm="scopegate-admin"${error}` }
      return say(401, { message: 'the token of adminTokenFile is required' }, challenge)
    }
    if (question.method === 'POST') return await revoke(await question.body())
    const { entries, maxEntries, storeFault } = dependencies.status()
    return say(200, { entries, maxEntries, ...(storeFault === undefined ? {} : { storeFault }) })
  }

  async function revoke(body: Buffer | undefined): Promise<RevocationAnswer> {
    if (body === undefined) {
      return say(413, { message: `a body has at most ${String(maxBodyBytes)} bytes` })
    }
    const value = parseJsonObject(body)
    if (value === undefined) {
      return say(400, { message: 'the body is not a JSON object in UTF-8 with every name once' })
    }
    const parsed = dependencies.parse(value)
    if (parsed.kind === 'problem') {
      const { field, message } = parsed
      observer.counted('api', parsed.isUnknownIssuer === true ? 'unknown_issuer' : 'malformed')
      const sentence = field === undefined ? `the body ${message}` : `"${field}" ${message}`
      return say(400, { ...(field === undefined ? {} : { field }), message: sentence })
    }
    const { revocation } = parsed
    return conclude(revocation, await dependencies.revoke(revocation))
  }

  function conclude(revocation: Revocation, revoked: Revoked): RevocationAnswer {
    const { issuerId, kind, value, issuedBeforeSeconds, untilMs } = revocation
    if (revoked === 'full') {
      observer.counted('api', 'full')
      return say(503, { message: 'the list is full (maxEntries): nothing was revoked' })
    }
    observer.counted('api', revoked === 'unsaved' || revoked === 'partly' ? 'failed' : 'taken')
    const until = formatTime(untilMs)
    observer.noted('info', 'revoked', {
      issuer: issuerId,
      kind,
      until,
      shared: revoked === 'shared',
    })
    if (revoked === 'unsaved' || revoked === 'partly') {
      return say(503, { message: unfinished[revoked] }, { 'retry-after': '1' })
    }
    return say(201, {
      issuer: issuerId,
      [kind]: value,
      ...(issuedBeforeSeconds === undefined ? {} : { issuedBefore: issuedBeforeSeconds }),
      until,
      replicas: revoked === 'shared' ? 'all' : 'this one',
    })
  }

  return { methods: ['GET', 'HEAD', 'POST'], maxBodyBytes, answer }
}

function say(
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): RevocationAnswer {
  return { status, body, headers: { 'cache-control': 'no-store', ...headers } }
}
