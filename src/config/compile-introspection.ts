/** How issuers are asked about tokens, whose an opaque token is, and what does not fit together in that. */
import { resolve } from 'node:path'
import type { ClientAuthentication, IntrospectionOptions } from '../introspection/index.js'
import { isFetchable, type JwsAlgorithm } from '../jwks/index.js'
import type { ReadClaim, TokenRules, TokenTypes } from '../token/index.js'
import type { IssuersOfResource } from './compile-partner.js'
import type { NamedIssuerInput } from './compile-template.js'
import type { ConfigParts, IntrospectionInput, IssuerInput, ResourceParts } from './config-input.js'
import type { ConfigPath, Finding } from './problem.js'

/** A token that starts like this may be a JWT: its header is a JSON object, and `{` is an `e` and this in base64url. */
const jwtStart = /^e(?:$|[w-z0-3])/

/** What introspection needs of the issuer itself. */
interface Owner {
  readonly algorithms: ReadonlySet<JwsAlgorithm>
  readonly clockToleranceMs: number
  readonly rules: TokenRules
  readonly tokenTypes: TokenTypes
  readonly clientPlaces: readonly ReadClaim[]
}

/** Compiles the introspection of an issuer; undefined without. Adds to `findings` what is wrong. Reads no file. */
export function compileIntrospection(
  input: NamedIssuerInput,
  { algorithms, clockToleranceMs, rules, tokenTypes, clientPlaces }: Owner,
  path: ConfigPath,
  directory: string,
  findings: Finding[],
): IntrospectionOptions | undefined {
  const { introspection, tokenCheck } = input
  if (introspection === undefined) {
    if (tokenCheck !== undefined && tokenCheck !== 'jwt') {
      findings.push({
        path: [...path, 'tokenCheck'],
        message: `"tokenCheck: ${tokenCheck}" needs introspection, and the issuer has none`,
        hint: 'add introspection: { discovery: true, clientId: ..., clientSecretFile: ... }',
      })
    }
    return undefined
  }
  const at = [...path, 'introspection']
  if (input.issuerTemplate !== undefined) {
    findings.push({
      path: at,
      atKey: true,
      message: 'an issuer that is one for each tenant cannot be asked about tokens',
      hint: 'configure the tenant by its own issuer',
    })
  }
  checkEndpoint(input, introspection, at, findings)
  checkPrefix(introspection.tokenPrefix, at, findings)
  checkSignatures(input, introspection, at, findings)
  const { endpoint, caFile } = introspection
  return {
    issuerId: input.id,
    issuer: input.issuer,
    endpoint,
    authentication: compileAuthentication(introspection, at, directory, findings),
    requiresSignature: introspection.signedResponses === 'require',
    algorithms,
    honoursKeyIssuer: input.keys.honourKeyIssuer ?? false,
    timeoutMs: introspection.timeoutSeconds * 1_000,
    maxConcurrent: introspection.maxConcurrentRequests,
    maxNewTokensPerSecond: introspection.maxNewTokensPerSecond,
    maxWaitingChecks: introspection.maxWaitingChecks,
    cacheMs: introspection.cacheSeconds * 1_000,
    negativeCacheMs: introspection.negativeCacheSeconds * 1_000,
    maxResponseBytes: introspection.maxResponseBytes,
    allowInsecure: introspection.allowInsecure,
    caFile: caFile === undefined ? undefined : resolve(directory, caFile),
    tokenPrefix: introspection.tokenPrefix,
    rules,
    tokenTypes,
    clientPlaces,
    clockToleranceMs,
    tokenCheck: tokenCheck ?? 'jwt',
  }
}

/** Whether the key set of an issuer is ever used: not when its tokens are only asked about, in answers without signature. */
export function needsKeys({ introspection, tokenCheck }: IssuerInput): boolean {
  return tokenCheck !== 'introspection' || introspection?.signedResponses !== 'off'
}

function checkEndpoint(
  { issuer }: NamedIssuerInput,
  { endpoint, discovery, allowInsecure }: IntrospectionInput,
  at: ConfigPath,
  findings: Finding[],
): void {
  if ((endpoint === undefined) === (discovery === undefined)) {
    findings.push({
      path: at,
      message: 'introspection has either an endpoint or "discovery: true"',
    })
  } else if (endpoint !== undefined && !isFetchable(endpoint, allowInsecure)) {
    findings.push({
      path: [...at, 'endpoint'],
      message: 'the endpoint is not an https URL without user name and password',
      hint: 'http is allowed to this machine, or with "allowInsecure: true" in introspection',
    })
  } else if (endpoint === undefined && !isFetchable(issuer, allowInsecure)) {
    findings.push({
      path: [...at, 'discovery'],
      message: 'an issuer that is not an https URL has no metadata to find its endpoint in',
      hint: 'give the endpoint, or "allowInsecure: true" in introspection',
    })
  }
}

function checkPrefix(prefix: string | undefined, at: ConfigPath, findings: Finding[]): void {
  if (prefix === undefined || !jwtStart.test(prefix)) return
  findings.push({
    path: [...at, 'tokenPrefix'],
    message: `"${prefix}" is how JWTs start too, so that other issuers' tokens would be sent to this one`,
    hint: 'with "tokenCheck: introspection" the issuer is asked about its JWTs too',
  })
}

function checkSignatures(
  { keys }: IssuerInput,
  { signedResponses }: IntrospectionInput,
  at: ConfigPath,
  findings: Finding[],
): void {
  if (signedResponses !== 'require' || keys.secretFile === undefined) return
  findings.push({
    path: [...at, 'signedResponses'],
    message: 'signed answers are verified with public keys, and this issuer has a secret',
  })
}

function compileAuthentication(
  input: IntrospectionInput,
  at: ConfigPath,
  directory: string,
  findings: Finding[],
): ClientAuthentication {
  const { clientId, clientSecretFile, privateKeyFile, kid, algorithm = 'RS256' } = input
  const method =
    input.authMethod ?? (privateKeyFile === undefined ? 'client_secret_basic' : 'private_key_jwt')
  const isKey = method === 'private_key_jwt'
  const [needed, other] = isKey
    ? (['privateKeyFile', 'clientSecretFile'] as const)
    : (['clientSecretFile', 'privateKeyFile'] as const)
  if (input[needed] === undefined) {
    findings.push({ path: at, message: `${method} needs ${needed}` })
  }
  for (const key of isKey ? [other] : ([other, 'kid', 'algorithm'] as const)) {
    if (input[key] === undefined) continue
    findings.push({ path: [...at, key], message: `${key} has no meaning with ${method}` })
  }
  if (isKey && algorithm === 'HS256') {
    findings.push({
      path: [...at, 'algorithm'],
      message: 'HS256 is for a secret, and private_key_jwt has a key',
    })
  }
  return method === 'private_key_jwt'
    ? { method, clientId, privateKeyFile: resolve(directory, privateKeyFile ?? ''), kid, algorithm }
    : { method, clientId, secretFile: resolve(directory, clientSecretFile ?? '') }
}

/** Whose an opaque token without a prefix is at a resource: the one that is named, or the only one it can be. */
export function opaqueIssuerOf(
  { opaqueIssuer }: ResourceParts,
  introspections: readonly IntrospectionOptions[],
  accepted: ReadonlySet<string>,
): string | undefined {
  if (opaqueIssuer !== undefined) return opaqueIssuer
  const [only, ...others] = withoutPrefix(introspections, accepted)
  return others.length === 0 ? only : undefined
}

/** What only shows when issuers and resources are looked at together. */
export function checkIntrospections(
  input: ConfigParts,
  introspections: readonly IntrospectionOptions[],
  issuersOf: IssuersOfResource,
  findings: Finding[],
): void {
  checkPrefixes(input, findings)
  // Who cannot be asked may be one whose entry could not be read.
  if (input.issuers.includes(undefined)) return
  const byId = new Map(introspections.map((options) => [options.issuerId, options]))
  for (const [index, resource] of input.resources.entries()) {
    if (resource === undefined) continue
    const at = ['resources', index]
    const accepted = issuersOf(resource.id, resource.issuers)
    checkOpaqueIssuer(resource, introspections, accepted, at, findings)
    for (const [place, route] of resource.routes.entries()) {
      if (route?.tokenCheck === undefined) continue
      const check = route.tokenCheck
      const misfit = [...accepted].find((id) =>
        check === 'introspection' ? !byId.has(id) : isMisfit(check, byId.get(id)),
      )
      if (misfit === undefined) continue
      findings.push({
        path: [...at, 'routes', place, 'tokenCheck'],
        message: `"tokenCheck: ${check}" cannot be for tokens of issuer "${misfit}", which ${byId.has(misfit) ? 'is only asked about them' : 'has no introspection'}`,
        hint: 'limit the resource to issuers for which it can, or change the issuer',
      })
    }
  }
}

function isMisfit(check: 'jwt' | 'both', options: IntrospectionOptions | undefined): boolean {
  if (options === undefined) return check === 'both'
  return options.tokenCheck === 'introspection' && !options.requiresSignature
}

function checkPrefixes({ issuers }: ConfigParts, findings: Finding[]): void {
  const given = issuers.flatMap((issuer, index) => {
    const prefix = issuer?.introspection?.tokenPrefix
    return prefix === undefined ? [] : [{ prefix, index, id: issuer?.id ?? '' }]
  })
  for (const { prefix, index } of given) {
    const other = given.find((one) => one.index < index && overlaps(one.prefix, prefix))
    if (other === undefined) continue
    findings.push({
      path: ['issuers', index, 'introspection', 'tokenPrefix'],
      message: `a token that starts with "${prefix}" could be of issuer "${other.id}" too`,
    })
  }
}

function overlaps(one: string, other: string): boolean {
  return one.startsWith(other) || other.startsWith(one)
}

function checkOpaqueIssuer(
  resource: ResourceParts,
  introspections: readonly IntrospectionOptions[],
  accepted: ReadonlySet<string>,
  at: ConfigPath,
  findings: Finding[],
): void {
  const { opaqueIssuer } = resource
  if (opaqueIssuer === undefined) {
    const candidates = withoutPrefix(introspections, accepted)
    if (candidates.length < 2) return
    findings.push({
      path: at,
      message: `an opaque token for resource "${resource.id}" could be of ${candidates.join(' or ')}`,
      hint: 'name one in opaqueIssuer, or give them a tokenPrefix',
    })
  } else if (!introspections.some(({ issuerId }) => issuerId === opaqueIssuer)) {
    findings.push({
      path: [...at, 'opaqueIssuer'],
      message: `no issuer with introspection has the id "${opaqueIssuer}"`,
    })
  } else if (!accepted.has(opaqueIssuer)) {
    findings.push({
      path: [...at, 'opaqueIssuer'],
      message: `the resource does not accept issuer "${opaqueIssuer}"`,
      hint: 'add it to issuers',
    })
  }
}

function withoutPrefix(
  introspections: readonly IntrospectionOptions[],
  accepted: ReadonlySet<string>,
): readonly string[] {
  return introspections
    .filter(({ tokenPrefix }) => tokenPrefix === undefined)
    .map(({ issuerId }) => issuerId)
    .filter((id) => accepted.has(id))
}
