/**
 * The rows of the contract about an issuer whose tokens are padded and whose keys have a URL each, as a load balancer of AWS;
 * the main gate has one beside its ordinary ones.
 */
import type { TestAuthorizationServer } from '../support/authorization-server.js'
import { paddedJws } from '../support/padded-jws.js'
import { pemOf } from '../support/key-url-world.js'
import { invalidToken, realm, withToken, type ContractCase } from './contract-case.js'

const notesIssuer = 'https://notes.example.com'
const signer = 'arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/a/1'

/** The issuer; its keys are those of the server, each at its own URL. */
export function notesOf(server: TestAuthorizationServer): object {
  for (const { jwk } of server.keys) {
    server.answer(`/keys/${jwk.kid}`, (_request, response) => response.end(pemOf(jwk)))
  }
  return {
    id: 'notes',
    issuer: notesIssuer,
    preset: 'aws-alb',
    keys: { keyUrl: `${server.issuer}/keys/{kid}` },
    requireHeaders: { signer },
  }
}

type Members = Record<string, unknown>

function note(claims: Members = {}, header: Members = {}): ContractCase['request'] {
  return async (server) => withToken(await noteOf(server, claims, header), '/me/notes')
}

async function noteOf(
  server: TestAuthorizationServer,
  claims: Members,
  header: Members,
): Promise<string> {
  const [key] = server.keys
  if (key === undefined) throw new Error('the server has no key')
  const head = { typ: 'JWT', alg: 'ES256', kid: key.jwk.kid, signer, ...header }
  const payload = server.claims({ iss: notesIssuer, aud: undefined, ...claims })
  return await paddedJws(head, JSON.stringify(payload), key.privateKey)
}

const malformedToken = {
  ...invalidToken,
  challenge: `${realm}, error="invalid_token", error_description="The access token is malformed"`,
}

export const paddingCases: readonly ContractCase[] = [
  {
    name: 'allows a padded note of a load balancer, by the key that has its URL',
    reason: 'none',
    request: note(),
    statusCode: 0,
    upstream: { 'x-auth-subject': 'alice', 'x-auth-scope': 'read:users' },
  },
  {
    name: 'refuses the note of another load balancer',
    reason: 'required_claim',
    request: note({}, { signer: `${signer}2` }),
    ...invalidToken,
  },
  {
    name: 'refuses a note whose key is nowhere',
    reason: 'unknown_key',
    request: note({}, { kid: 'nobodys' }),
    ...invalidToken,
  },
  {
    name: 'refuses a note whose kid is a path',
    reason: 'unknown_key',
    request: note({}, { kid: '../jwks' }),
    ...invalidToken,
  },
  {
    name: 'refuses a note that lost its padding on the way',
    reason: 'bad_signature',
    request: async (server) => {
      const token = await noteOf(server, { sub: 'alice-2' }, { x: '' })
      return withToken(token.replaceAll('=', ''), '/me/notes')
    },
    ...invalidToken,
  },
  {
    name: 'refuses a padded token of an ordinary issuer',
    reason: 'malformed_token',
    request: (server) => note({ iss: server.issuer })(server),
    ...malformedToken,
  },
  {
    name: 'refuses a padded token of nobody',
    reason: 'malformed_token',
    request: note({ iss: 'https://nobody.example.com' }),
    ...malformedToken,
  },
]
