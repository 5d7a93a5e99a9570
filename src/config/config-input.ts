/** The configuration as a value, defaults filled in: what the schema gives and compile.ts reads. */
import type { JwsAlgorithm } from '../jwks/index.js'
import type { NameKind } from '../policy/index.js'
import type { ClaimsInput } from './claims-input.js'
import type { presets } from './presets.js'

/** A name, or a combination of names. */
export type NameInput = string | CombinationInput
/** A combination as written. */
export type CombinationInput = { all: NameInput[] } | { any: NameInput[] } | { none: NameInput[] }
/** What `scopes`, `permissions` and `roles` take; a list means all of it. */
export type NamesInput = NameInput[] | CombinationInput

/** An authorization server. */
export interface IssuerInput {
  id: string
  issuer: string
  preset: keyof typeof presets
  keys: {
    discovery?: true | undefined
    jwksUri?: string | undefined
    jwksFile?: string | undefined
    jwks?: { keys: object[] } | undefined
    pem?:
      | { file?: string | undefined; inline?: string | undefined; kid?: string | undefined }
      | undefined
    x509Map?: string | undefined
    secretFile?: string | undefined
    caFile?: string | undefined
    bearerTokenFile?: string | undefined
    trustAnchorsFile?: string | undefined
    refreshSeconds: number
    maxStaleSeconds: number
    cooldownSeconds: number
    timeoutSeconds: number
    maxWaitingChecks: number
    allowInsecure: boolean
  }
  algorithms?: JwsAlgorithm[] | undefined
  tokenTypes?: 'lenient' | string[] | undefined
  clockToleranceSeconds: number
  claims: ClaimsInput
  subjectType?: SubjectTypeInput | undefined
}

/** Delegated tokens. */
export type DelegationInput = 'allow' | 'refuse' | { actors: string[] }

/** How an issuer says who the subject is. */
export interface SubjectTypeInput {
  claim: string
  user: string[]
  client: string[]
  absent?: 'user' | 'client' | undefined
}

/** What a route demands. */
export interface RequirementInput extends Partial<Record<NameKind, NamesInput | undefined>> {
  claims?: { claim: string; equals: string | number | boolean }[] | undefined
}

/** A route. */
export interface RouteInput {
  id: string
  methods?: string[] | undefined
  path: string
  access?: 'public' | 'authenticated' | undefined
  scopes?: NamesInput | undefined
  require?: RequirementInput | undefined
  delegation?: DelegationInput | undefined
  subjectType?: 'user' | 'client' | undefined
}

/** A protected resource. */
export interface ResourceInput {
  id: string
  hosts?: string[] | undefined
  audiences: string[]
  issuers?: string[] | undefined
  realm?: string | undefined
  metadataUrl?: string | undefined
  upstreamHeaders: Record<string, string>
  routes: RouteInput[]
  delegation?: DelegationInput | undefined
  subjectType?: 'user' | 'client' | undefined
}

/** The files of a certificate. */
export interface TlsInput {
  certFile: string
  keyFile: string
  clientCaFile?: string | undefined
}

/** The doors and the admin port. */
export interface ListenInput {
  grpc?:
    | {
        address: string
        tls?: TlsInput | undefined
        reflection: boolean
        onUnavailable: 'deny' | 'defer'
        maxMessageBytes: number
        keepaliveSeconds: number
        keepaliveTimeoutSeconds: number
        maxConnectionAgeSeconds: number
        maxConnectionAgeGraceSeconds: number
        maxConnectionIdleSeconds: number
      }
    | undefined
  http?:
    | {
        address: string
        trustedProxies?: string[] | undefined
        tls?: TlsInput | undefined
        onUnavailable: 'deny' | 'defer'
        maxHeaderBytes: number
        maxConnections: number
        requestTimeoutSeconds: number
        keepAliveSeconds: number
      }
    | undefined
  admin: { address: string }
}

/** Bounds. */
export interface LimitsInput {
  maxTokenBytes: number
  decisionTimeoutMs: number
  maxWaitingChecks: number
  maxCachedTokens: number
  maxCacheBytes: number
}

/** Where revocations come from. */
export interface RevocationInput {
  file?: string | undefined
  adminTokenFile?: string | undefined
  redis?:
    | {
        url: string
        passwordFile?: string | undefined
        caFile?: string | undefined
        keyPrefix: string
      }
    | undefined
  onStoreLoss?: 'serve' | 'deny' | undefined
  maxAwaySeconds?: number | undefined
  maxEntries: number
}

/** A resource whose routes of the wrong shape are left open. */
export interface ResourceParts extends Omit<ResourceInput, 'routes'> {
  routes: (RouteInput | undefined)[]
}

/** A configuration whose parts of the wrong shape are left open: what can still be checked of it. */
export interface ConfigParts extends Omit<ConfigInput, 'issuers' | 'resources'> {
  issuers: (IssuerInput | undefined)[]
  resources: (ResourceParts | undefined)[]
}

/** The whole configuration. */
export interface ConfigInput {
  listen: ListenInput
  keysSnapshotDir?: string | undefined
  issuers: IssuerInput[]
  resources: ResourceInput[]
  limits: LimitsInput
  log: { level: 'debug' | 'info' | 'warn' | 'error' | 'silent'; allowSampleEvery: number }
  shutdown: { drainSeconds: number; graceSeconds: number }
  revocation?: RevocationInput | undefined
  scopeHierarchy?: ScopeHierarchyInput | undefined
  scopeWildcards?: ScopeWildcardsInput | undefined
}

/** Scopes, and what each of them implies. */
export type ScopeHierarchyInput = Record<string, string[]>

/** Wildcards of granted scopes. */
export interface ScopeWildcardsInput {
  separator: ':' | '.' | '/'
}
