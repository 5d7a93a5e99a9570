/** The rows of the contract about an issuer that is one for each tenant. */
import { invalidToken, read, type ContractCase } from './contract-case.js'

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
