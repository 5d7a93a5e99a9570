/** A configuration as a whole: every problem in one run, what stands in for what is left out, and what is made of it. */
import { describe, expect, it } from 'vitest'
import { ConfigError, formatProblem } from '../../../src/config/index.js'
import { join } from 'node:path'
import { noTokenRules } from '../../../src/token/index.js'
import {
  loadConfigText,
  problemsOf,
  problemsOfText,
  smallConfig,
  withFiles,
} from '../../support/config-text.js'

describe('the problems of a configuration', () => {
  it('are reported at once, in the order of the file, whatever kind they are of', async () => {
    const text = `listen:
  grpc: { adress: 127.0.0.1:50051 }
issuers:
  - id: main
    issuer: http://issuer.example.com
    algorithms: [HS512]
  - id: second
    issuer: http://second.example.com
resources:
  - id: users-api
    audiences: [https://api.example.com]
    audience: x
    issuers: [main, second, third]
    hosts: [API.example.com]
    routes:
      - { id: read, path: read, scopes: [read:users] }
      - { id: write, path: /write, scopes: 'write' }
      - { id: open, path: /open }
      - { id: open, path: /two, access: public }
      - { id: clash, path: /two, access: public }
  - id: other-api
    audiences: []
    routes:
      - { id: other, path: other, access: public }
log: { level: loud }
`
    expect(await problemsOfText(text)).toEqual([
      '2:11: unknown key "adress"',
      '6:18: "HS512" is not one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, Ed25519, HS256',
      '8:13: "http://second.example.com" cannot be fetched: it is not an https URL',
      '12:5: unknown key "audience"',
      '14:13: "API.example.com" is not a host as requests are matched on',
      '16:27: path "read" does not start with a slash',
      '17:44: "write" is not a list of names, nor one of { all: [...] }, { any: [...] }, { none: [...] }',
      '18:9: route "open" does not say who may use it',
      '19:15: id "open" is given twice',
      '20:9: route "users-api/clash" matches the same requests as route "users-api/open"',
      '22:16: "audiences" is empty',
      '25:15: "loud" is not one of debug, info, warn, error, silent',
    ])
  })

  it.each([
    [
      'an issuer',
      smallConfig.replace('id: main', 'id: 5').replace('routes:', 'issuers: [main]\n    routes:'),
    ],
    ['the list of issuers', smallConfig.replace('issuers:\n  -', 'issuers:\n   ')],
  ])('do not follow from %s that cannot be read', async (_name, text) => {
    expect(await problemsOfText(text)).toHaveLength(1)
  })

  it('are found although nothing else has the right shape', async () => {
    const text = 'listen: 1\nissuers: 2\nresources: 3\nlimits: 4\nlog: 5\nshutdown: 6\nmore: 7\n'
    expect(await problemsOfText(text)).toEqual([
      '1:9: "listen" must be a map, not 1',
      '2:10: "issuers" must be a list, not 2',
      '3:12: "resources" must be a list, not 3',
      '4:9: "limits" must be a map, not 4',
      '5:6: "log" must be a map, not 5',
      '6:11: "shutdown" must be a map, not 6',
      '7:1: unknown key "more"',
    ])
  })

  it('are carried by one error, as people read them', async () => {
    const error: unknown = await loadConfigText('resources: []\nmore: 1\n').catch(
      (fault: unknown) => fault,
    )
    expect(error).toBeInstanceOf(ConfigError)
    const { problems, message, code, name } = error as ConfigError
    expect([code, name]).toEqual(['ERR_SCOPEGATE_CONFIG', 'ConfigError'])
    expect(message).toBe(problems.map(formatProblem).join('\n'))
    expect(message).toMatch(
      /scopegate\.yaml:1:12: "resources" is empty\n.*:2:1: unknown key "more"/,
    )
    expect(message).toContain('\n  hint: known here: listen, keysSnapshotDir, issuers, resources')
  })
})

describe('a small configuration', () => {
  it('gets these defaults', async () => {
    const config = await loadConfigText(smallConfig)
    expect(config.listen).toEqual({
      grpc: {
        address: '0.0.0.0:50051',
        reflection: false,
        onUnavailable: 'deny',
        maxMessageBytes: 16_777_216,
        keepaliveSeconds: 30,
        keepaliveTimeoutSeconds: 10,
        maxConnectionAgeSeconds: 1_800,
        maxConnectionAgeGraceSeconds: 30,
        maxConnectionIdleSeconds: 900,
      },
      admin: { address: '127.0.0.1:8081' },
    })
    expect(config.limits).toEqual({
      maxTokenBytes: 16_384,
      decisionTimeoutMs: 1_000,
      maxWaitingChecks: 10_000,
      maxQueueMs: 200,
      maxLoopDelayMs: 200,
      maxCachedTokens: 100_000,
      maxCacheBytes: 268_435_456,
    })
    expect(config.log).toEqual({ level: 'info', allowSampleEvery: 0 })
    expect(config.shutdown).toEqual({ drainMs: 5_000, graceMs: 10_000 })
  })

  it('gets these defaults for its issuer', async () => {
    const { issuerKeys, trustedIssuers, claimPointers } = await loadConfigText(smallConfig)
    expect(issuerKeys).toEqual([
      {
        id: 'main',
        issuer: 'https://issuer.example.com',
        source: { kind: 'discovery', issuer: 'https://issuer.example.com' },
        refreshMs: 300_000,
        maxStaleMs: 86_400_000,
        cooldownMs: 10_000,
        timeoutMs: 5_000,
        allowInsecure: false,
      },
    ])
    expect(trustedIssuers).toEqual([
      {
        id: 'main',
        issuer: 'https://issuer.example.com',
        algorithms: new Set(['RS256', 'PS256', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']),
        tokenTypes: ['at+jwt'],
        clockToleranceMs: 30_000,
        rules: noTokenRules,
      },
    ])
    expect(claimPointers.get('main')).toEqual({
      scopes: [['scope'], ['scp']],
      permissions: [['permissions']],
      roles: [['roles']],
      groups: [['groups']],
      entitlements: [['entitlements']],
      client: [['client_id'], ['azp']],
    })
  })

  it('gets these defaults for its resource', async () => {
    const { policy, managedHeaders } = await loadConfigText(smallConfig)
    expect(policy.routes).toEqual([
      {
        id: 'read',
        qualifiedId: 'users-api/read',
        access: 'restricted',
        requirement: { scopes: { all: ['read:users'] } },
        challengeScopes: ['read:users'],
        resource: {
          id: 'users-api',
          realm: 'users-api',
          audiences: new Set(['https://api.example.com']),
          issuers: new Set(['main']),
          upstreamHeaders: [],
          metadataUrl: undefined,
        },
      },
    ])
    expect(managedHeaders).toContain('x-http-method-override')
    expect(policy.match('GET', 'any.example.com', '/read')?.id).toBe('read')
  })
})

describe('a preset', () => {
  it('fills in what is left out, and nothing else', async () => {
    const changed = smallConfig.replace(
      'resources:',
      '    preset: generic-lenient\n    claims: { scopes: [/s] }\n    algorithms: [PS512]\nresources:',
    )
    const { trustedIssuers, claimPointers } = await loadConfigText(changed)
    expect(trustedIssuers[0]).toMatchObject({
      tokenTypes: 'lenient',
      algorithms: new Set(['PS512']),
    })
    expect(claimPointers.get('main')).toMatchObject({ scopes: [['s']], roles: [['roles']] })
  })
})

describe('the claims that are kept of a token', () => {
  it('are those that some route, header or issuer asks for', async () => {
    const text = smallConfig
      .replace('    routes:', '    upstreamHeaders: { x-auth-org: /org/id }\n    routes:')
      .concat(
        "      - { id: ops, path: /ops, require: { claims: [{ claim: '/https:~1~1x/y', equals: 1 }] } }\n",
      )
    const { neededClaims } = await loadConfigText(text)
    expect([...neededClaims].sort()).toEqual(
      [
        ...['scope', 'scp', 'permissions', 'roles', 'groups', 'entitlements'],
        ...['client_id', 'azp', 'org', 'https://x', 'act', 'iss', '_claim_names', 'hasgroups'],
      ].sort(),
    )
  })
})

describe('a revocation file', () => {
  it('is checked with the configuration, every problem with its own place', async () => {
    const files = {
      'scopegate.yaml': `${smallConfig}revocation: { file: lists/revoked.yaml }\n`,
      'lists/revoked.yaml':
        '- { issuer: main, jti: a }\n- { issuer: mian, jti: b }\n- { jti: c }\n',
    }
    await withFiles(files, async (directory) => {
      expect(await problemsOf(join(directory, 'scopegate.yaml'), directory)).toEqual([
        'lists/revoked.yaml:2:5: "issuer" is neither the id nor the iss of a configured issuer; ids are main',
        'lists/revoked.yaml:3:3: "issuer" must be the id of an issuer, or its iss',
      ])
    })
  })

  it('is not looked at while it is not known which issuers there are', async () => {
    const files = {
      'scopegate.yaml': `${smallConfig.replace('id: main', 'id: 5')}revocation: { file: a.yaml }\n`,
      'a.yaml': '- { issuer: main, jti: a }\n',
    }
    await withFiles(files, async (directory) => {
      expect(await problemsOf(join(directory, 'scopegate.yaml'))).toHaveLength(1)
    })
  })

  it('keeps of every token what it can be revoked by', async () => {
    const { neededClaims, revocation } = await loadConfigText(
      `${smallConfig}revocation: { redis: { url: redis://127.0.0.1 } }\n`,
    )
    expect(neededClaims).toEqual(expect.arrayContaining(['jti', 'sid', 'iat', 'client_id', 'azp']))
    expect(revocation).toMatchObject({
      onStoreLoss: 'serve',
      maxAwayMs: 10_000,
      maxEntries: 100_000,
    })
    expect((await loadConfigText(smallConfig)).neededClaims).not.toContain('jti')
  })
})
