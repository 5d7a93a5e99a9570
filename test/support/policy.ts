/** Resources and routes for tests that need one and care about a few of its members. */
import type { ProtectedResource, Route } from '../../src/policy/index.js'

export function createResource(changes: Partial<ProtectedResource> = {}): ProtectedResource {
  return {
    id: 'users-api',
    realm: 'users',
    audiences: new Set(['https://api.example.com']),
    issuers: new Set(['main']),
    upstreamHeaders: [],
    metadataUrl: undefined,
    ...changes,
  }
}

export function createRoute(changes: Partial<Route> = {}): Route {
  const { id = 'read', resource = createResource() } = changes
  return {
    id,
    qualifiedId: `${resource.id}/${id}`,
    resource,
    access: 'restricted',
    requirement: { scopes: 'read:users' },
    challengeScopes: ['read:users'],
    ...changes,
  }
}
