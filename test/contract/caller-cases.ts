/** The rows of the contract about who calls: actors, users and clients, organisations. */
import { lacksRight, read, withToken, type ContractCase } from './contract-case.js'

export const callerCases: readonly ContractCase[] = [
  {
    name: 'refuses a token with which somebody acts for its subject, unless a route takes that',
    reason: 'delegation_not_allowed',
    request: read({ act: { sub: 'support' } }),
    status: 403,
    statusCode: 7,
    challenge: lacksRight,
  },
  {
    name: 'refuses a client where a user is asked for',
    reason: 'wrong_subject_type',
    request: async (issuer) =>
      withToken(await issuer.token({ sub: 'app', client_id: 'app' }), '/account'),
    status: 403,
    statusCode: 7,
    challenge: lacksRight,
  },
  {
    name: 'refuses the path of another organisation than the token is of',
    reason: 'claim_mismatch',
    request: async (issuer) => withToken(await issuer.token({ org_id: 'a' }), '/orgs/b/users'),
    status: 403,
    statusCode: 7,
    challenge: lacksRight,
  },
  {
    name: 'allows the path of the organisation that the token is of',
    reason: 'none',
    request: async (issuer) => withToken(await issuer.token({ org_id: 'a' }), '/orgs/a/users'),
    statusCode: 0,
    upstream: { 'x-auth-subject': 'alice', 'x-auth-scope': 'read:users' },
  },
]
