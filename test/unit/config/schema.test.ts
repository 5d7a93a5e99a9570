/** The JSON Schema that editors use: it takes what the gate takes, and refuses what the schema in the code refuses. */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { configJsonSchema, loadConfig } from '../../../src/config/index.js'
import { presetNames, presets } from '../../../src/config/presets.js'
import { configSchema } from '../../../src/config/schema.js'
import { smallConfig } from '../../support/config-text.js'
import { isValid } from '../../support/json-schema.js'
import { testConfig } from '../../support/test-gate.js'

const root = new URL('../../..', import.meta.url)
const vectors = new URL('test/vectors/bad-config/', root)
const demo = fileURLToPath(new URL('deploy/demo/scopegate.yaml', root))
const schema = configJsonSchema()

const everything = `
listen:
  grpc:
    address: unix:/run/scopegate.sock
    tls: { certFile: a.crt, keyFile: a.key, clientCaFile: ca.crt }
    reflection: true
    onUnavailable: defer
    maxMessageBytes: 65536
    keepaliveSeconds: 0.5
    keepaliveTimeoutSeconds: 1
    maxConnectionAgeSeconds: 1
    maxConnectionAgeGraceSeconds: 1
    maxConnectionIdleSeconds: 1
  http:
    address: 127.0.0.1:8080
    trustedProxies: [127.0.0.1, 10.0.0.0/8, '2001:db8::/32']
    tls: { certFile: tls.crt, keyFile: tls.key, clientCaFile: ca.crt }
    onUnavailable: defer
    maxHeaderBytes: 65536
    maxConnections: 100
    requestTimeoutSeconds: 5
    keepAliveSeconds: 4000
  admin: { address: '[::1]:65535' }
keysSnapshotDir: /var/lib/scopegate
issuers:
  - { id: a, issuer: https://a.example.com, preset: generic-lenient }
  - id: b
    issuer: urn:b
    keys:
      jwks: { keys: [] }
      refreshSeconds: 1
      maxStaleSeconds: 1
      cooldownSeconds: 1
      timeoutSeconds: 1
      maxWaitingChecks: 1
      allowInsecure: true
    algorithms: [PS512]
    tokenTypes: [at+jwt, JWT]
    clockToleranceSeconds: 0
    claims: { scopes: [/s], permissions: [/p], roles: [/r/0], client: ['/https:~1~1x'] }
  - id: notes
    issuer: urn:notes
    keys: { keyUrl: 'https://keys.example.com/{kid}' }
    requireHeaders: { signer: 'arn:1', client: [a, b] }
    padding: tolerate
  - id: shapes
    issuer: urn:shapes
    claims:
      roles: [{ pointer: /a/roles, prefix: 'a:' }, { pointer: '/urn:roles', shape: objectKeys }]
      groups: [/groups, { pointer: /g, shape: scim }]
      entitlements: [{ pointer: /e, shape: string }, { pointer: /f, shape: array }]
  - id: types
    issuer: urn:types
    subjectType: { claim: /idtyp, user: [user], client: [app], absent: user }
  - { id: c, issuer: urn:c, keys: { jwksUri: 'http://127.0.0.1/jwks' }, tokenTypes: lenient }
  - { id: d, issuer: urn:d, keys: { jwksFile: keys.json, trustAnchorsFile: ca.pem } }
  - { id: e, issuer: urn:e, keys: { pem: { file: a.pem, kid: a } } }
  - { id: f, issuer: urn:f, keys: { pem: { inline: text } } }
  - { id: g, issuer: urn:g, keys: { secretFile: secret }, algorithms: [HS256] }
  - { id: h, issuer: urn:h, keys: { x509Map: 'https://h/', caFile: ca.pem, bearerTokenFile: token } }
  - id: i
    issuer: https://i.example.com
    keys: { jwksFile: keys.json }
    require: { /a: text, /b: 1, /c: true, /d: [a, 1], /e: { prefix: p }, /f: { present: true } }
    refuse: { /g: x }
    refuseHeaders: [nonce]
    refuseIssuers: [urn:j]
    audience: optional
    clients: [client]
    allowIdTokens: true
    subject: /oid
    tokenCheck: both
    introspection:
      endpoint: https://i.example.com/introspect
      clientId: gate
      privateKeyFile: gate.pem
      kid: gate
      algorithm: ES256
      authMethod: private_key_jwt
      signedResponses: require
      timeoutSeconds: 1
      maxWaitingChecks: 1
      maxConcurrentRequests: 1
      maxNewTokensPerSecond: 1
      cacheSeconds: 0
      negativeCacheSeconds: 0
      tokenPrefix: ory_at_
      caFile: ca.pem
      allowInsecure: true
      maxResponseBytes: 1024
    resources: [api]
    grantableScopes: [a]
    grantablePermissions: []
    grantableRoles: [r]
    grantableGroups: [g]
    grantableEntitlements: []
    mapScopes: { theirs: [a], other: [] }
  - id: j
    issuer: https://j.example.com
    introspection: { discovery: true, clientId: gate, clientSecretFile: secret }
  - id: k
    issuerTemplate: https://j.example.com/{tenant}/v2.0
    bind: { tenant: { claim: /tid, pattern: name, allow: [t1, t2] } }
    keys: { metadataUrl: https://j.example.com/common/metadata, honourKeyIssuer: true, load: first-use }
resources:
  - id: api
    hosts: [api.example.com]
    audiences: [api]
    issuers: [a, b]
    opaqueIssuer: j
    realm: The API
    metadataUrl: https://api.example.com/.well-known/oauth-protected-resource
    upstreamHeaders: { X-Auth-Subject: /sub }
    routes:
      - { id: all, path: /all, scopes: { all: [a, { any: [b, { none: [c] }] }] } }
      - { id: names, methods: [GET, M-SEARCH], path: '/{a}/*/**', scopes: [a] }
      - id: require
        path: /require
        require:
          scopes: [a]
          permissions: { any: [p q] }
          roles: { none: [r] }
          groups: [g]
          entitlements: [e]
          claims: [{ claim: /a, equals: 1 }, { claim: /b, equals: true }, { claim: /c, equals: c }]
      - { id: me, path: /me, access: authenticated, tokenCheck: jwt, delegation: { actors: [a] } }
      - { id: jobs, path: /jobs, access: authenticated, delegation: allow, subjectType: client }
      - { id: org, path: '/orgs/{org}/**', require: { claims: [{ claim: /o, equals: '{path.org}' }] } }
      - { id: health, path: /health, access: public }
limits:
  maxTokenBytes: 65536
  decisionTimeoutMs: 60000
  maxWaitingChecks: 1
  maxConcurrentVerifications: 1
  maxQueueMs: 60000
  maxLoopDelayMs: 60000
  maxCachedTokens: 1
  maxCacheBytes: 1
log: { level: silent, allowSampleEvery: 100 }
shutdown: { drainSeconds: 0, graceSeconds: 1 }
revocation:
  file: revoked.yaml
  adminTokenFile: admin-token
  redis:
    url: rediss://user@redis.example.com:6379/1
    passwordFile: redis-password
    caFile: redis-ca.pem
    keyPrefix: 'gates:'
  onStoreLoss: deny
  maxAwaySeconds: 5
  maxEntries: 1000
scopeHierarchy: { admin: [write], write: [read, 'a:*'] }
scopeWildcards: { separator: ':' }
`

describe('the JSON Schema', () => {
  it('names its draft and its subject', () => {
    expect(schema).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      title: 'Scopegate configuration',
      type: 'object',
      required: ['resources'],
      additionalProperties: false,
    })
  })

  it.each([
    ['a small configuration', parse(smallConfig) as unknown],
    ['a configuration with every key', parse(everything) as unknown],
    ['the configuration of the demo', parse(readFileSync(demo, 'utf8')) as unknown],
    ['the configuration of the tests', testConfig('https://issuer.example.com')],
  ])('takes %s', (_name, value) => {
    expect(configSchema.safeParse(value).error).toBeUndefined()
    expect(isValid(schema, value)).toBe(true)
  })

  it('has no key that the configuration with every key lacks', () => {
    const used = keysOf(parse(everything))
    expect(propertiesOf(schema).filter((key) => !used.includes(key))).toEqual([])
  })

  it.each(judgeable())('agrees with the code about %s', (_name, value) => {
    expect(isValid(schema, value)).toBe(configSchema.safeParse(value).success)
  })
})

describe('the configuration of the demo', () => {
  it('can be run', async () => {
    const { policy } = await loadConfig(demo)
    expect(policy.routes.map(({ qualifiedId }) => qualifiedId)).toContain('users-api/read')
  })
})

describe('presets', () => {
  it('are all named in the schema', () => {
    expect([...presetNames].sort()).toEqual(Object.keys(presets).sort())
  })
})

/** The bad configurations that are a value at all, which a schema can judge. */
function judgeable(): readonly (readonly [string, unknown])[] {
  return readdirSync(vectors)
    .filter((name) => name.endsWith('.yaml') && !/^yaml-(?!a-|anchor|merge|number)/.test(name))
    .map((name) => [name, parse(readFileSync(new URL(name, vectors), 'utf8'), { merge: false })])
}

function keysOf(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return []
  const own = Array.isArray(value) ? [] : Object.keys(value)
  return [...new Set([...own, ...Object.values(value).flatMap(keysOf)])]
}

/** The name of every property that a schema or a part of it describes. */
function propertiesOf(part: unknown): readonly string[] {
  if (typeof part !== 'object' || part === null) return []
  const { properties } = part as { properties?: object }
  return [
    ...new Set([...Object.keys(properties ?? {}), ...Object.values(part).flatMap(propertiesOf)]),
  ]
}
