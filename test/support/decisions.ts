/** Decisions to hand to a door or to an observer, made by the same hands as in a gate. */
import type { Allow, DecisionEvent, Reason, Refusal } from '../../src/check/index.js'
import { LabelRegistry, Refusals } from '../../src/check/refusals.js'
import type { ProtectedResource, Route } from '../../src/policy/index.js'

const resource: ProtectedResource = {
  id: 'users-api',
  realm: 'users',
  audiences: new Set(['https://api.example.com']),
  issuers: new Set(['main']),
  upstreamHeaders: [
    { name: 'x-auth-subject', claim: ['sub'] },
    { name: 'x-auth-scope', claim: ['scope'] },
  ],
  metadataUrl: undefined,
}

/** A route that demands a scope. */
export function testRoute(changes: Partial<ProtectedResource> = {}): Route {
  return {
    id: 'read',
    qualifiedId: 'users-api/read',
    resource: { ...resource, ...changes },
    access: 'restricted',
    requirement: { scopes: 'read:users' },
    challengeScopes: ['read:users'],
  }
}

const labels = new LabelRegistry()
const refusals = new Refusals(labels)

/** A refusal on {@link testRoute}, or on no route. */
export function testRefusal(reason: Reason, route: Route | undefined = testRoute()): Refusal {
  return refusals.create(reason, route, 'main', undefined)
}

/** An allow of a token of alice, or of nobody when `subject` is null. */
export function testAllow(subject: string | null = 'alice', route: Route = testRoute()): Allow {
  const scopes = new Set(['read:users', 'email'])
  return {
    outcome: 'allow',
    labels: labels.get('allow', 'none', route, subject === null ? undefined : 'main'),
    route,
    principal:
      subject === null
        ? undefined
        : {
            token: {
              issuerId: 'main',
              subject,
              audiences: ['https://api.example.com'],
              isSenderConstrained: false,
              kid: 'k',
              claims: { sub: subject },
            },
            client: 'app',
            scopes,
          },
    identityHeaders:
      subject === null
        ? { headers: [], dropped: [] }
        : { headers: [{ name: 'x-auth-subject', value: 'alice' }], dropped: [] },
  }
}

/** What an observer is told about a decision. */
export function testEvent(
  decision: Allow | Refusal,
  changes: Partial<DecisionEvent> = {},
): DecisionEvent {
  return {
    decision,
    request: {
      method: 'GET',
      target: '/read',
      host: 'api.example.com',
      authorization: undefined,
      selection: undefined,
      remainingMs: () => 1_000,
    },
    decisionId: '0123456789abcdef00000001',
    requestId: undefined,
    door: 'envoy',
    durationMs: 0.25,
    ...changes,
  }
}
