/**
 * What decides by one configuration, and what the next configuration takes over of it. Part of the composition root.
 *
 * The rules are:
 *   - a check that began goes on by the rules under which it began, with the keys of then;
 *   - what was found out about a token survives while nothing that is written about its issuer has changed (ADR 0025).
 */
import { isDeepStrictEqual } from 'node:util'
import { createCheck, type Check, type CheckDependencies } from './check/index.js'
import type { GateConfig } from './config/index.js'
import {
  createRouteToken,
  createTokenVerifier,
  type IssuerIntrospection,
} from './introspection/index.js'
import { KeySets, type KeySetsDependencies } from './jwks/index.js'
import { createAdmission, usualVerifications, type Pressure } from './overload.js'
import { clock } from './real-clock.js'
import {
  createAuthenticate,
  createJwtVerifier,
  introspectionRoom,
  TokenCache,
  TrustedIssuers,
  VerificationQueue,
} from './token/index.js'

/** The rooms that know a configuration. */
export interface Decider {
  readonly config: GateConfig
  readonly keySets: KeySets
  readonly introspections: readonly IssuerIntrospection[]
  readonly tokenCache: TokenCache
  readonly verifications: VerificationQueue
  readonly check: Check
}

/** What every decider of a process shares. */
export interface DeciderDependencies extends Required<
  Pick<CheckDependencies, 'revocations' | 'onFault' | 'labels'>
> {
  readonly keySets: KeySetsDependencies
  /** `before` gives the introspection until now of an issuer about which nothing that is written has changed. */
  readonly introspections: (
    config: GateConfig,
    keySets: KeySets,
    before: (issuerId: string) => IssuerIntrospection | undefined,
  ) => readonly IssuerIntrospection[]
  /** How much there is to do in the process, and what was refused for it. */
  readonly pressure: Pick<Pressure, 'loop' | 'shed'>
  /** How many cores this process may count on. */
  readonly cores: number
}

const maxRejections = 20_000
const rejectionTtlMs = 10_000

/** Builds the first one. Its key sets are to be started. */
export function createDecider(config: GateConfig, dependencies: DeciderDependencies): Decider {
  const keySets = new KeySets(config.issuerKeys, dependencies.keySets)
  const introspections = dependencies.introspections(config, keySets, () => undefined)
  return assemble(config, { keySets, introspections }, createTokenCache(config), dependencies)
}

/** Builds one for another configuration. Its key sets are to be started, and to succeed those of `before`. */
export function succeedingDecider(
  config: GateConfig,
  before: Decider,
  dependencies: DeciderDependencies,
): Decider {
  const robbed = templatesThatLose(config, before.config)
  const isSame = (id: string): boolean =>
    !robbed.has(id) &&
    isDeepStrictEqual(config.issuerEntries.get(id), before.config.issuerEntries.get(id))
  const keySets = before.keySets.successor(config.issuerKeys, isSame)
  const tokenCache = canKeepTokens(config, before.config, isSame)
    ? before.tokenCache
    : createTokenCache(config, before.tokenCache)
  const introspections = dependencies.introspections(config, keySets, (id) =>
    isSame(id) ? before.introspections.find(({ options }) => options.issuerId === id) : undefined,
  )
  return assemble(config, { keySets, introspections }, tokenCache, dependencies)
}

/** Ids of the templates whose tokens were in part those of an issuer that now has an entry of its own. */
function templatesThatLose(config: GateConfig, before: GateConfig): ReadonlySet<string> {
  const owners = new TrustedIssuers(before.trustedIssuers)
  const lost = config.trustedIssuers
    .filter(({ template }) => template === undefined)
    .map(({ issuer }) => owners.find({ iss: issuer }).issuer)
  return new Set(lost.flatMap((owner) => (owner?.template === undefined ? [] : [owner.id])))
}

/**
 * Of a token only the claims were kept that the configuration asked for; and what an issuer said of opaque tokens, unlike
 * what its keys vouch for, cannot be taken back one by one.
 */
function canKeepTokens(
  config: GateConfig,
  before: GateConfig,
  isSame: (id: string) => boolean,
): boolean {
  const kept = new Set(before.neededClaims)
  return (
    config.neededClaims.every((name) => kept.has(name)) &&
    before.introspections.every(({ issuerId }) => isSame(issuerId)) &&
    config.limits.maxCachedTokens === before.limits.maxCachedTokens &&
    config.limits.maxCacheBytes === before.limits.maxCacheBytes
  )
}

function createTokenCache({ limits }: GateConfig, before?: TokenCache): TokenCache {
  const { maxCachedTokens: maxTokens, maxCacheBytes: maxBytes } = limits
  return new TokenCache(
    { maxTokens, maxBytes, maxRejections, rejectionTtlMs },
    clock,
    before?.counts,
  )
}

function assemble(
  config: GateConfig,
  { keySets, introspections }: Pick<Decider, 'keySets' | 'introspections'>,
  tokenCache: TokenCache,
  dependencies: DeciderDependencies,
): Decider {
  const { revocations, onFault, labels, pressure, cores } = dependencies
  const { limits } = config
  const isAsking = introspections.length > 0
  const maxConcurrent = limits.maxConcurrentVerifications ?? usualVerifications(cores)
  const verifications = new VerificationQueue(
    { maxConcurrent, maxWaitMs: limits.maxQueueMs },
    clock.monotonicMs,
    () => {
      pressure.shed.queue += 1
    },
  )
  const verifyJwt = createJwtVerifier({
    issuers: config.trustedIssuers,
    findKeys: (issuerId, kid, algorithm) => keySets.find(issuerId, kid, algorithm),
    findOtherKeys: (issuerId, kid, algorithm, tried) =>
      keySets.findOthers(issuerId, kid, algorithm, tried),
    neededClaims: config.neededClaims,
    wallMs: clock.wallMs,
    queue: verifications,
  })
  const check = createCheck({
    policy: config.policy,
    authenticate: createAuthenticate(
      isAsking ? createTokenVerifier(verifyJwt, introspections) : verifyJwt,
      tokenCache,
      {
        maxWaiting: limits.maxWaitingChecks,
        maxWaitingForKeys: roomsOf(config),
        mayBegin: createAdmission({
          ...pressure,
          maxLoopDelayMs: limits.maxLoopDelayMs,
          signatures: isAsking ? undefined : verifications,
        }),
      },
      isAsking ? createRouteToken(config.introspections) : undefined,
    ),
    claimPointers: config.claimPointers,
    implyScopes: config.implyScopes,
    revocations,
    clock,
    limits: {
      maxTokenBytes: limits.maxTokenBytes,
      budgetMs: limits.decisionTimeoutMs,
    },
    onFault,
    labels,
  })
  return { config, keySets, introspections, tokenCache, verifications, check }
}

/** How many checks may wait in each room, by its name. */
function roomsOf({ maxWaitingForKeys, introspections }: GateConfig): ReadonlyMap<string, number> {
  const asking = introspections.flatMap(({ issuerId, maxWaitingChecks }) =>
    [true, false].map((isNew) => [introspectionRoom(issuerId, isNew), maxWaitingChecks] as const),
  )
  return new Map([...maxWaitingForKeys, ...asking])
}
