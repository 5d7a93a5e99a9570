/** The gates that the contract is tried on: a healthy one, and one for each way in which no decision is possible. */
import { resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { credentials } from '@grpc/grpc-js'
import { createCheck, createDecisionIds, noRevocations } from '../../src/check/index.js'
import { createExtAuthzService, startGrpcServer } from '../../src/envoy/index.js'
import {
  createForwardAuthService,
  dialects,
  startForwardAuthServer,
} from '../../src/forward-auth/index.js'
import { compilePolicy, parseRoutePattern, type Route } from '../../src/policy/index.js'
import {
  sendJson,
  startTestAuthorizationServer,
  type TestAuthorizationServer,
} from '../support/authorization-server.js'
import { createCheckClient, type CheckClient } from '../support/check-client.js'
import { createFakeClock } from '../support/fake-clock.js'
import { freePorts } from '../support/free-ports.js'
import { startTestGate, testConfig, type TestGate } from '../support/test-gate.js'
import { until } from '../support/until.js'
import { notesOf } from './padding-cases.js'
import { tenantsOf } from './tenant-cases.js'
import { tokenRules } from './token-rule-cases.js'

/** One gate by its doors. */
export interface WorldGate {
  readonly client: CheckClient
  /** Of the gRPC door, on 127.0.0.1. */
  readonly grpcPort: number
  /** Of the HTTP doors. */
  readonly httpPort: number
}

export interface World {
  readonly main: WorldGate
  /** The issuer answers nothing but errors. */
  readonly keyless: WorldGate
  /** The issuer accepts connections and never answers. */
  readonly hanging: WorldGate
  /** One check waits already, and no more may. */
  readonly crowded: WorldGate
  /** The store of revocations is not there, and nobody is to pass then. */
  readonly unsure: WorldGate
  /** The issuer is asked about opaque tokens, and answers by their names; `/both` wants its word on JWTs too. */
  readonly opaque: WorldGate
  /** A dependency throws what it must never throw. */
  readonly broken: WorldGate
}

/** Starts them all. */
export async function createWorld(): Promise<{
  readonly issuer: TestAuthorizationServer
  readonly world: World
  readonly close: () => Promise<void>
}> {
  const issuer = await startTestAuthorizationServer()
  const keylessIssuer = await startTestAuthorizationServer()
  keylessIssuer.answer('/.well-known/oauth-authorization-server', (_request, response) => {
    response.writeHead(500).end()
  })
  const hangingIssuer = await startTestAuthorizationServer()
  hangingIssuer.answer('/.well-known/oauth-authorization-server', () => undefined)

  const revocation = { file: resolve('test/vectors/revocation/mallory.yaml') }
  const main = await startTestGate(
    testConfig(issuer, {
      issuers: [
        { id: 'main', issuer: issuer.issuer, ...tokenRules },
        tenantsOf(issuer),
        notesOf(issuer),
      ],
      resources: resourcesWithOps(),
      revocation,
    }),
  )
  const keyless = await startTestGate(forTokensOf(issuer, keylessIssuer), { awaitReady: false })
  const limits = { decisionTimeoutMs: 50 }
  // Here too the load outlasts every table, or its end would be the reason.
  const hanging = await startTestGate(
    forTokensOf(issuer, hangingIssuer, limits, { timeoutSeconds: 60 }),
    { awaitReady: false },
  )
  const crowded = await startTestGate(
    forTokensOf(
      issuer,
      hangingIssuer,
      { decisionTimeoutMs: 30_000 },
      // The load that is waited for outlasts every table, or the next check would find room and wait.
      { maxWaitingChecks: 1, timeoutSeconds: 60 },
    ),
    { awaitReady: false },
  )
  const waiting = crowded.client
    .check({ path: '/read', headers: { authorization: `Bearer ${await issuer.token()}` } }, 30_000)
    .catch(() => undefined)
  await until(async () =>
    (await crowded.metrics()).includes('scopegate_token_cache_misses_total 1'),
  )
  const [closedPort] = await freePorts(1)
  const redis = { url: `redis://127.0.0.1:${String(closedPort)}` }
  const unsure = await startTestGate(
    testConfig(issuer, { revocation: { redis, onStoreLoss: 'deny' } }),
    { awaitReady: false },
  )
  const opaque = await startTestGate(withIntrospection(issuer))
  const broken = await startBrokenDoor()

  return {
    issuer,
    world: {
      main: doorsOf(main),
      keyless: doorsOf(keyless),
      hanging: doorsOf(hanging),
      crowded: doorsOf(crowded),
      unsure: doorsOf(unsure),
      opaque: doorsOf(opaque),
      broken,
    },
    async close() {
      await hangingIssuer.close()
      await Promise.all(
        [main, keyless, hanging, crowded, unsure, opaque].map(async (gate) => {
          await gate.close()
        }),
      )
      await broken.close()
      await waiting
      await Promise.all([issuer.close(), keylessIssuer.close()])
    },
  }
}

function doorsOf({ client, addresses }: TestGate): WorldGate {
  return { client, grpcPort: portOf(addresses.grpc), httpPort: portOf(addresses.http) }
}

function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(':') + 1))
}

/** A gate that expects tokens of one issuer and asks another, unhelpful server for its keys. */
function forTokensOf(
  issuer: TestAuthorizationServer,
  keysFrom: TestAuthorizationServer,
  limits: object = {},
  keys: object = {},
): Record<string, unknown> {
  const jwksUri = `${keysFrom.issuer}/.well-known/oauth-authorization-server`
  return testConfig(issuer, {
    issuers: [{ id: 'main', issuer: issuer.issuer, keys: { jwksUri, ...keys } }],
    limits,
  })
}

/** A gate that asks the issuer about `opaque-active`, `opaque-inactive` and JWTs, and gets an error about all else. */
function withIntrospection(issuer: TestAuthorizationServer): Record<string, unknown> {
  issuer.answer('/introspect', (request, response) => {
    void text(request).then((form) => {
      const token = new URLSearchParams(form).get('token') ?? ''
      if (token === 'opaque-active') {
        sendJson(response, { active: true, ...issuer.claims() })
      } else if (token === 'opaque-inactive') {
        sendJson(response, { active: false })
      } else if (token.split('.').length === 3) {
        sendJson(response, { active: true, sub: 'somebody else' })
      } else response.writeHead(500).end()
    })
  })
  const introspection = {
    endpoint: `${issuer.issuer}/introspect`,
    clientId: 'gate',
    clientSecretFile: resolve('test/vectors/introspection/secret'),
  }
  const { resources } = testConfig(issuer) as { resources: [{ routes: object[] }] }
  const both = { id: 'both', path: '/both', access: 'authenticated', tokenCheck: 'both' }
  return testConfig(issuer, {
    issuers: [{ id: 'main', issuer: issuer.issuer, introspection }],
    resources: [{ ...resources[0], routes: [...resources[0].routes, both] }],
  })
}

function resourcesWithOps(): object[] {
  const { resources } = testConfig('https://unused.example') as {
    resources: [{ routes: object[] }]
  }
  const ops = {
    id: 'ops',
    path: '/ops/**',
    require: { roles: { any: ['ops'] }, claims: [{ claim: '/org_id', equals: 'org_1' }] },
  }
  const account = { id: 'account', path: '/account', access: 'authenticated', subjectType: 'user' }
  const ofPath = [{ claim: '/org_id', equals: '{path.org}' }]
  const org = { id: 'org', path: '/orgs/{org}/users', require: { claims: ofPath } }
  return [{ ...resources[0], routes: [...resources[0].routes, ops, account, org] }]
}

async function startBrokenDoor(): Promise<WorldGate & { close: () => Promise<void> }> {
  const clock = createFakeClock()
  const resource = {
    id: 'users-api',
    realm: 'users',
    audiences: new Set<string>(),
    issuers: new Set<string>(),
    upstreamHeaders: [],
    metadataUrl: undefined,
  }
  const route: Route = {
    id: 'read',
    qualifiedId: 'users-api/read',
    resource,
    access: 'authenticated',
    requirement: {},
    challengeScopes: [],
  }
  const parsed = parseRoutePattern('/read')
  if (parsed.kind !== 'pattern') throw new Error('the pattern is good')
  const { policy } = compilePolicy([{ hosts: [], methods: [], pattern: parsed.pattern, route }])
  const check = createCheck({
    policy,
    authenticate: () => {
      throw new Error('a bug')
    },
    claimPointers: new Map(),
    revocations: noRevocations,
    clock,
    limits: { maxTokenBytes: 16_384, budgetMs: 1_000 },
    onFault: () => undefined,
  })
  const dependencies = {
    check,
    observer: { decided: () => undefined },
    nextDecisionId: createDecisionIds('0123456789abcdef'),
    monotonicMs: clock.monotonicMs,
    onFault: () => undefined,
  }
  const service = createExtAuthzService({
    ...dependencies,
    wallMs: clock.wallMs,
    response: {
      managedHeaders: () => [],
      defersUnavailable: false,
    },
  })
  const http = await startForwardAuthServer(
    {
      address: '127.0.0.1:0',
      tls: undefined,
      trustedProxies: ['127.0.0.1'],
      maxHeaderBytes: 65_536,
      maxConnections: 100,
      requestTimeoutMs: 10_000,
      keepAliveMs: 10_000,
    },
    createForwardAuthService({
      ...dependencies,
      dialects: dialects({ defersUnavailable: false }),
      managedHeaders: () => [],
    }),
  )
  const server = await startGrpcServer(
    {
      address: '127.0.0.1:0',
      tls: undefined,
      reflection: false,
      maxMessageBytes: 65_536,
      keepaliveMs: 30_000,
      keepaliveTimeoutMs: 10_000,
      maxConnectionAgeMs: 60_000,
      maxConnectionAgeGraceMs: 1_000,
      maxConnectionIdleMs: 60_000,
    },
    service,
  )
  const client = createCheckClient(server.address, credentials.createInsecure())
  return {
    client,
    grpcPort: portOf(server.address),
    httpPort: portOf(http.address),
    async close() {
      client.close()
      await http.close(1_000)
      await server.close(1_000)
    },
  }
}
