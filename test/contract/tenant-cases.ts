/** The rows of the contract about an issuer that is one for each tenant. */
import type { TestAuthorizationServer } from '../support/authorization-server.js'
import { invalidToken, read, type ContractCase } from './contract-case.js'

/** One issuer for each tenant, with the keys of the only one that signs here. */
export function tenantsOf({ issuer }: TestAuthorizationServer): object {
  return {
    id: 'tenants',
    issuerTemplate: 'https://login.example.com/{tenant}',
    bind: { tenant: { claim: '/tid', pattern: 'name' } },
    keys: { jwksUri: `${issuer}/jwks`, honourKeyIssuer: false },
  }
}

export const tenantCases: readonly ContractCase[] = [
  {
    name: 'allows a token of a tenant of an issuer template',
    reason: 'none',
    request: read({ iss: 'https://login.example.com/acme', tid: 'acme' }),
    statusCode: 0,
    upstream: { 'x-auth-subject': 'alice', 'x-auth-scope': 'read:users' },
  },
  {
    name: 'refuses a token whose issuer is of another tenant than the token itself',
    reason: 'tenant_mismatch',
    request: read({ iss: 'https://login.example.com/acme', tid: 'umbrella' }),
    ...invalidToken,
  },
]
