/** The rows of the contract about tokens that their issuer is asked about. */
import {
  authorization,
  invalidToken,
  unavailable,
  withToken,
  type ContractCase,
} from './contract-case.js'

export const introspectionCases: readonly ContractCase[] = [
  {
    name: 'allows an opaque token that its issuer calls active',
    reason: 'none',
    world: 'opaque',
    request: authorization('Bearer opaque-active'),
    statusCode: 0,
    upstream: { 'x-auth-subject': 'alice', 'x-auth-scope': 'read:users' },
  },
  {
    name: 'refuses an opaque token that its issuer does not call active',
    reason: 'inactive_token',
    world: 'opaque',
    request: authorization('Bearer opaque-inactive'),
    ...invalidToken,
  },
  {
    name: 'refuses a JWT that its issuer calls the token of somebody else',
    reason: 'introspection_mismatch',
    world: 'opaque',
    request: async (issuer) => withToken(await issuer.token(), '/both'),
    ...invalidToken,
  },
  {
    name: 'is unavailable when the issuer cannot tell about an opaque token',
    reason: 'introspection_unavailable',
    world: 'opaque',
    request: authorization('Bearer opaque-trouble'),
    ...unavailable,
  },
]
