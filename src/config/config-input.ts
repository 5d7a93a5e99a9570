/** The configuration as a value, defaults filled in: what the schema gives and compile.ts reads. */
import type { JwsAlgorithm } from '../jwks/index.js'
import type { NameKind } from '../policy/index.js'
import type { ClaimsInput } from './claims-input.js'

/** A name, or a combination of names. */
export type NameInput = string | CombinationInput
/** A combination as written. */
export type CombinationInput = { all: NameInput[] } | { any: NameInput[] } | { none: NameInput[] }
/** What `scopes`, `permissions` and `roles` take; a list means all of it. */
export type NamesInput = NameInput[] | CombinationInput

/** Every preset. */
export type PresetName =
  | 'generic-rfc9068'
  | 'generic-lenient'
  | 'auth0'
  | 'auth0-rfc9068'
  | 'authentik'
  | 'aws-alb'
  | 'clerk'
  | 'cloudflare-access'
  | 'cognito'
  | 'descope'
  | 'duende'
  | 'entra-multitenant'
  | 'entra-v1'
  | 'entra-v2'
  | 'firebase'
  | 'fusionauth'
  | 'github-actions'
  | 'gitlab-ci'
  | 'google-idtoken'
  | 'hydra'
  | 'keycloak'
  | 'kubernetes-sa'
  | 'logto'
  | 'okta'
  | 'pingone'
  | 'spiffe-jwt-svid'
  | 'stytch'
  | 'supabase'
  | 'workos'
  | 'zitadel'

/** Where the keys of an issuer come from, and how long they serve. */
export interface KeysInput {
  discovery?: true | undefined
  jwksUri?: string | undefined
  jwksFile?: string | undefined
  jwks?: { keys: object[] } | undefined
  pem?:
    { file?: string | undefined; inline?: string | undefined; kid?: string | undefined } | undefined
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
  metadataUrl?: string | undefined
  keyUrl?: string | undefined
  honourKeyIssuer?: boolean | undefined
  load: 'start' | 'first-use'
}

/** What a claim is held against: a value, one of several, a beginning, or that it is there. */
export type ClaimTestInput =
  string | number | boolean | (string | number | boolean)[] | { prefix: string } | { present: true }
/** Claims by JSON Pointer. */
export type ClaimTestsInput = Record<string, ClaimTestInput>
/** Members of the header, and the texts that each may be. */
export type HeaderTestsInput = Record<string, string | string[]>
/** What limits an issuer. */
export interface IssuerLimitsInput {
  resources?: string[] | undefined
  grantableScopes?: string[] | undefined
  grantablePermissions?: string[] | undefined
  grantableRoles?: string[] | undefined
  grantableGroups?: string[] | undefined
  grantableEntitlements?: string[] | undefined
  mapScopes?: Record<string, string[]> | undefined
}

/** What makes an issuer one for each tenant. */
export interface IssuerTemplateInput {
  issuerTemplate?: string | undefined
  bind?:
    | Record<string, { claim: string; pattern: 'guid' | 'name'; allow?: string[] | undefined }>
    | undefined
}

/** An authorization server. */
export interface IssuerInput extends IssuerLimitsInput, IssuerTemplateInput {
  id: string
  issuer?: string | undefined
  preset: PresetName
  keys: KeysInput
  algorithms?: JwsAlgorithm[] | undefined
  tokenTypes?: 'lenient' | string[] | undefined
  clockToleranceSeconds: number
  claims: ClaimsInput
  subjectType?: SubjectTypeInput | undefined
  require?: ClaimTestsInput | undefined
  refuse?: ClaimTestsInput | undefined
  refuseHeaders?: string[] | undefined
  requireHeaders?: HeaderTestsInput | undefined
  padding?: 'refuse' | 'tolerate' | undefined
  refuseIssuers?: string[] | undefined
  audience?: 'required' | 'optional' | undefined
  clients?: string[] | undefined
  allowIdTokens?: boolean | undefined
  subject?: string | undefined
  introspection?: IntrospectionInput | undefined
  tokenCheck?: TokenCheckInput | undefined
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

/** How a JWT is checked. */
export type TokenCheckInput = 'jwt' | 'introspection' | 'both'

/** How an issuer is asked about tokens. */
export interface IntrospectionInput {
  endpoint?: string | undefined
  discovery?: true | undefined
  clientId: string
  clientSecretFile?: string | undefined
  privateKeyFile?: string | undefined
  kid?: string | undefined
  algorithm?: JwsAlgorithm | undefined
  authMethod?: 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt' | undefined
  signedResponses: 'off' | 'require'
  timeoutSeconds: number
  maxWaitingChecks: number
  maxConcurrentRequests: number
  maxNewTokensPerSecond: number
  cacheSeconds: number
  negativeCacheSeconds: number
  tokenPrefix?: string | undefined
  caFile?: string | undefined
  allowInsecure: boolean
  maxResponseBytes: number
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
  tokenCheck?: TokenCheckInput | undefined
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
  opaqueIssuer?: string | undefined
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
  /** As many as the machine has cores, four at most, when it is missing. */
  maxConcurrentVerifications?: number | undefined
  maxQueueMs: number
  maxLoopDelayMs: number
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
