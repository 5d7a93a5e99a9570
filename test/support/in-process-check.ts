/** A whole check without a server: real policy, real verification, keys given inline, time under the test's control. */
import {
  createCheck,
  type Check,
  type CheckLimits,
  type CheckRequest,
  noRevocations,
} from '../../src/check/index.js'
import { KeySets } from '../../src/jwks/index.js'
import {
  compilePolicy,
  parseRoutePattern,
  type Policy,
  type Route,
} from '../../src/policy/index.js'
import {
  createAuthenticate,
  createJwtVerifier,
  TokenCache,
  type Clock,
  type VerificationQueue,
} from '../../src/token/index.js'
import type { TestKey } from './authorization-server.js'
import { createFakeClock, type FakeClock } from './fake-clock.js'
import { createRoute } from './policy.js'

export const inProcessIssuer = 'https://issuer.example'

/** Claims of a good token for the route `/read` of {@link createInProcessCheck}. */
export function inProcessClaims(clock: Clock, changes: Record<string, unknown> = {}) {
  const now = Math.floor(clock.wallMs() / 1_000)
  return {
    iss: inProcessIssuer,
    aud: 'https://api.example.com',
    sub: 'alice',
    client_id: 'app',
    scope: 'read:users',
    jti: 'j',
    iat: now,
    exp: now + 300,
    ...changes,
  }
}

/** A policy of routes given as `[path, route]`, for every host and method. */
export function policyOf(...routes: readonly (readonly [string, Route])[]): Policy {
  const entries = routes.map(([path, route]) => {
    const parsed = parseRoutePattern(path)
    if (parsed.kind === 'problem') throw new Error(parsed.message)
    return { hosts: [], methods: [], pattern: parsed.pattern, route }
  })
  return compilePolicy(entries).policy
}

export const checkLimits: CheckLimits = { maxTokenBytes: 16_384, budgetMs: 1_000 }

/** Where the tests' issuers keep what policy asks for. */
export const claimPointers = new Map([
  [
    'main',
    {
      scopes: [['scope']],
      permissions: [['permissions']],
      roles: [['roles']],
      client: [['client_id']],
    },
  ],
])

/** Creates the check. The clock stands still unless the test moves it. Without `createQueue` no signature waits for a turn. */
export function createInProcessCheck(
  keys: readonly TestKey[],
  policy: Policy = policyOf(['/read', createRoute()]),
  createQueue?: (clock: Clock) => VerificationQueue,
): { readonly check: Check; readonly clock: FakeClock; readonly faults: unknown[] } {
  const clock = createFakeClock()
  const faults: unknown[] = []
  const keySets = new KeySets(
    [
      {
        id: 'main',
        issuer: inProcessIssuer,
        source: { kind: 'inline', jwks: { keys: keys.map(({ jwk }) => jwk) } },
        refreshMs: 300_000,
        maxStaleMs: 86_400_000,
        cooldownMs: 10_000,
        timeoutMs: 5_000,
        allowInsecure: false,
      },
    ],
    {
      clock,
      random: () => 0,
      access: () => {
        const unused = async (): Promise<never> => {
          throw new Error('nothing is fetched here')
        }
        return {
          fetch: unused,
          readFile: unused,
          wallMs: clock.wallMs,
          timeoutMs: 1,
          allowInsecure: false,
        }
      },
      observer: { refreshed: () => undefined, snapshot: () => undefined },
    },
  )
  const verifyJwt = createJwtVerifier({
    issuers: [
      {
        id: 'main',
        issuer: inProcessIssuer,
        algorithms: new Set(['RS256', 'ES256']),
        tokenTypes: ['at+jwt'],
        clockToleranceMs: 30_000,
      },
    ],
    findKeys: (id, kid, algorithm) => keySets.find(id, kid, algorithm),
    findOtherKeys: (id, kid, algorithm, tried) => keySets.findOthers(id, kid, algorithm, tried),
    neededClaims: ['scope', 'permissions', 'roles', 'client_id', 'sub'],
    wallMs: clock.wallMs,
    queue: createQueue?.(clock),
  })
  const cacheLimits = {
    maxTokens: 1_000,
    maxBytes: 1e7,
    maxRejections: 1_000,
    rejectionTtlMs: 10_000,
  }
  const check = createCheck({
    policy,
    authenticate: createAuthenticate(verifyJwt, new TokenCache(cacheLimits, clock), {
      maxWaiting: 1_000,
      maxWaitingForKeys: new Map([['main', 1_000]]),
    }),
    claimPointers,
    revocations: noRevocations,
    clock,
    limits: checkLimits,
    onFault: (fault) => faults.push(fault),
  })
  return { check, clock, faults }
}

/** A request for `/read` that waits as long as it takes. */
export function checkRequest(changes: Partial<CheckRequest> = {}): CheckRequest {
  return {
    method: 'GET',
    target: '/read',
    host: 'api.example.com',
    authorization: undefined,
    selection: undefined,
    remainingMs: () => Number.POSITIVE_INFINITY,
    ...changes,
  }
}
