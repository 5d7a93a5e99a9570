/**
 * The product's promise as a table: what is asked, and exactly what is answered. Every door runs it, and a test fails
 * when a reason has no row here.
 */
import { introspectionCases } from './introspection-cases.js'
import { callerCases } from './caller-cases.js'
import {
  authorization,
  invalidRequest,
  invalidToken,
  lacksRight,
  missing,
  read,
  realm,
  seconds,
  withToken,
  type ContractCase,
} from './contract-case.js'
import { paddingCases } from './padding-cases.js'
import { tokenRuleCases } from './token-rule-cases.js'
import { tenantCases } from './tenant-cases.js'
import { unavailableCases } from './unavailable-cases.js'

export const cases: readonly ContractCase[] = [
  ...tokenRuleCases,
  ...paddingCases,
  {
    name: 'allows a good token and tells the upstream who calls',
    reason: 'none',
    request: read(),
    statusCode: 0,
    upstream: { 'x-auth-subject': 'alice', 'x-auth-scope': 'read:users' },
  },
  {
    name: 'allows a public route without a token',
    reason: 'none',
    request: () => ({ path: '/health' }),
    statusCode: 0,
    upstream: {},
  },
  {
    name: 'does not look at a token on a public route',
    reason: 'none',
    request: () => withToken('garbage', '/health'),
    statusCode: 0,
    upstream: {},
  },
  {
    name: 'allows any scope on an authenticated-only route',
    reason: 'none',
    request: async (issuer) => withToken(await issuer.token({ scope: '' }), '/me/profile'),
    statusCode: 0,
    upstream: { 'x-auth-subject': 'alice' },
  },
  {
    name: 'asks for a token where there is none, without an error code',
    reason: 'missing_token',
    request: () => ({ path: '/read' }),
    ...missing,
  },
  {
    name: 'takes another scheme for no authentication information',
    reason: 'missing_token',
    request: authorization('Basic ZGVtbzpkZW1v'),
    ...missing,
  },
  {
    name: 'names every scope that a route needs',
    reason: 'missing_token',
    request: () => ({ method: 'POST', path: '/create' }),
    ...missing,
    challenge: `${realm}, scope="create:users read:users"`,
  },
  {
    name: 'refuses two credentials',
    reason: 'malformed_credentials',
    request: authorization('Bearer a, Bearer b'),
    ...invalidRequest,
  },
  {
    name: 'answers two credentials of a gRPC request with 401',
    reason: 'malformed_credentials',
    request: () => ({
      method: 'GET',
      path: '/read',
      headers: { authorization: 'Bearer a,Bearer b', 'content-type': 'application/grpc' },
    }),
    ...invalidRequest,
    status: 401,
  },
  {
    name: 'refuses what is not a JWT',
    reason: 'malformed_token',
    request: authorization('Bearer not.a.jwt'),
    ...invalidToken,
    challenge: `${realm}, error="invalid_token", error_description="The access token is malformed"`,
  },
  {
    name: 'refuses an algorithm that the issuer does not use',
    reason: 'algorithm_not_allowed',
    request: async (issuer) =>
      withToken(
        (await issuer.token()).replace(
          /^[^.]+/,
          Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url'),
        ),
      ),
    ...invalidToken,
  },
  {
    name: 'refuses an issuer that is not configured',
    reason: 'unknown_issuer',
    request: read({ iss: 'https://elsewhere.example' }),
    ...invalidToken,
  },
  ...tenantCases,
  {
    name: 'refuses a key that the issuer does not publish',
    reason: 'unknown_key',
    request: read({}, { kid: 'nobody' }),
    ...invalidToken,
  },
  {
    name: 'refuses a signature over something else',
    reason: 'bad_signature',
    request: async (issuer) => {
      const [header = '', , signature = ''] = (await issuer.token()).split('.')
      const payload = Buffer.from(JSON.stringify(issuer.claims({ sub: 'mallory' }))).toString(
        'base64url',
      )
      return withToken(`${header}.${payload}.${signature}`)
    },
    ...invalidToken,
  },
  {
    name: 'refuses an expired token and says so',
    reason: 'expired',
    request: read({ exp: seconds() - 60 }),
    ...invalidToken,
    challenge: `${realm}, error="invalid_token", error_description="The access token expired"`,
  },
  {
    name: 'refuses a token of the future',
    reason: 'not_yet_valid',
    request: read({ nbf: seconds() + 600 }),
    ...invalidToken,
    challenge: `${realm}, error="invalid_token", error_description="The access token is not valid yet"`,
  },
  {
    name: 'refuses a token for another resource without saying why',
    reason: 'wrong_audience',
    request: read({ aud: 'https://other.example.com' }),
    ...invalidToken,
  },
  {
    name: 'refuses a JWT that is not an access token',
    reason: 'wrong_type',
    request: read({}, { typ: 'JWT' }),
    ...invalidToken,
  },
  {
    name: 'refuses a token without a claim that RFC 9068 requires',
    reason: 'missing_claim',
    request: read({ jti: undefined }),
    ...invalidToken,
  },
  {
    name: 'refuses a claim of the wrong form',
    reason: 'invalid_claim',
    request: read({ exp: '4102444800' }),
    ...invalidToken,
  },
  {
    name: 'refuses a revoked token, whatever it may do',
    reason: 'revoked',
    request: read({ sub: 'mallory' }),
    ...invalidToken,
    challenge: `${realm}, error="invalid_token", error_description="The access token was revoked"`,
  },
  {
    name: 'refuses a token that is bound to a key it cannot check',
    reason: 'unverifiable_confirmation',
    request: read({ cnf: { jkt: '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I' } }),
    ...invalidToken,
    challenge: `${realm}, error="invalid_token", error_description="The access token is bound to a key"`,
  },
  {
    name: 'refuses a token without the scope and names the scopes',
    reason: 'insufficient_scope',
    request: async (issuer) => withToken(await issuer.token(), '/create', 'POST'),
    status: 403,
    statusCode: 7,
    challenge: `${realm}, error="insufficient_scope", error_description="The access token lacks a required scope", scope="create:users read:users"`,
  },
  {
    name: 'refuses a token without the role, naming no scope',
    reason: 'insufficient_role',
    request: async (issuer) => withToken(await issuer.token({ roles: ['dev'] }), '/ops/restart'),
    status: 403,
    statusCode: 7,
    challenge: lacksRight,
  },
  {
    name: 'refuses a token of another organisation',
    reason: 'claim_mismatch',
    request: async (issuer) =>
      withToken(await issuer.token({ roles: ['ops'], org_id: 'org_2' }), '/ops/restart'),
    status: 403,
    statusCode: 7,
    challenge: lacksRight,
  },
  ...callerCases,
  {
    name: 'denies what no route names, before it looks at a token',
    reason: 'no_route',
    request: () => withToken('garbage', '/nowhere'),
    status: 403,
    statusCode: 7,
  },
  {
    name: 'denies a method that no route names',
    reason: 'no_route',
    request: async (issuer) => withToken(await issuer.token(), '/read', 'DELETE'),
    status: 403,
    statusCode: 7,
  },
  {
    name: 'refuses a path that upstreams could read in two ways',
    reason: 'ambiguous_path',
    request: async (issuer) => withToken(await issuer.token(), '/me/a;b'),
    status: 400,
    statusCode: 3,
  },
  {
    name: 'refuses an exclamation mark, which Envoy may have written for another octet',
    reason: 'ambiguous_path',
    request: async (issuer) => withToken(await issuer.token(), '/me/hello!'),
    grpcOnly: 'over HTTP a path arrives with its own octets',
    status: 400,
    statusCode: 3,
  },
  {
    name: 'takes the path with its own octets where Envoy sends them',
    reason: 'none',
    grpcOnly: 'header_map is a field of the gRPC message',
    request: async (issuer) => ({
      path: '/me/hello!',
      headerMap: [
        [':path', '/me/hello!'],
        ['authorization', `Bearer ${await issuer.token()}`],
      ],
    }),
    statusCode: 0,
    upstream: { 'x-auth-subject': 'alice', 'x-auth-scope': 'read:users' },
  },
  {
    name: 'refuses a host that is not one',
    reason: 'ambiguous_host',
    request: () => ({ path: '/read', host: 'user@api.example.com' }),
    status: 400,
    statusCode: 3,
  },
  {
    name: 'refuses a method that is not one',
    reason: 'malformed_request',
    request: () => ({ method: 'get', path: '/read' }),
    status: 400,
    statusCode: 3,
  },
  ...introspectionCases,
  ...unavailableCases,
]
