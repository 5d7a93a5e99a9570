/** Tokens that look good and must be refused, by what is wrong with them. */
import { createHmac } from 'node:crypto'
import {
  createTestKey,
  testAudience,
  type TestAuthorizationServer,
} from './authorization-server.js'

/** Every token by a name for the test's output. All of them are for the scope `read:users`, as far as they say. */
export async function hostileTokens(
  issuer: TestAuthorizationServer,
): Promise<Record<string, string>> {
  return {
    ...(await brokenSignatures(issuer)),
    ...(await strangeHeaders(issuer)),
    ...(await wrongClaims(issuer)),
    ...(await strangePayloads(issuer)),
  }
}

async function brokenSignatures(issuer: TestAuthorizationServer): Promise<Record<string, string>> {
  const good = await issuer.token()
  const [header = '', payload = '', signature = ''] = good.split('.')
  return {
    'no signature': `${header}.${payload}.`,
    'no signature and no dot': `${header}.${payload}`,
    'alg none': `${part({ alg: 'none', typ: 'at+jwt' })}.${payload}.`,
    'alg None': `${part({ alg: 'None', typ: 'at+jwt' })}.${payload}.${signature}`,
    'a critical extension': `${part({ alg: 'ES256', crit: ['x'], x: 1 })}.${payload}.${signature}`,
    'alg HS256 with the public key': hmacToken(payload, JSON.stringify(issuer.keys[0]?.jwk)),
    'another payload': `${header}.${part(issuer.claims({ sub: 'root' }))}.${signature}`,
    'half a signature': `${header}.${payload}.${signature.slice(0, 40)}`,
    'four parts': `${good}.x`,
    'five parts': `${good}.x.y`,
  }
}

async function strangeHeaders(issuer: TestAuthorizationServer): Promise<Record<string, string>> {
  const claims = JSON.stringify(issuer.claims())
  const stranger = await createTestKey()
  return {
    'an unknown key': await issuer.sign(claims, {}, stranger),
    'a known kid and a strange key': await issuer.sign(
      claims,
      { kid: issuer.keys[0]?.jwk.kid },
      stranger,
    ),
    'an embedded key': await issuer.sign(claims, { jwk: stranger.jwk }, stranger),
    'a path for a kid': await issuer.token({}, { kid: '../../dev/null' }),
    'an ID token': await issuer.token({}, { typ: 'JWT' }),
  }
}

async function wrongClaims(issuer: TestAuthorizationServer): Promise<Record<string, string>> {
  const now = Math.floor(Date.now() / 1000)
  const changes: Record<string, Record<string, unknown>> = {
    expired: { exp: now - 3_600 },
    'no exp': { exp: undefined },
    'an exp in text': { exp: String(now + 300) },
    'not yet valid': { nbf: now + 3_600 },
    'another audience': { aud: `${testAudience}/` },
    'an unknown issuer': { iss: 'https://other.example' },
    'a bound token': { cnf: { jkt: 'x' } },
    'no scope': { scope: undefined },
    'a scope in another case': { scope: 'Read:Users' },
  }
  const tokens: Record<string, string> = {}
  for (const [name, change] of Object.entries(changes)) tokens[name] = await issuer.token(change)
  return tokens
}

async function strangePayloads(issuer: TestAuthorizationServer): Promise<Record<string, string>> {
  const claims = JSON.stringify(issuer.claims())
  return {
    'a payload that is no JSON': await issuer.sign('garbage', {}),
    'a payload that is a list': await issuer.sign('[]', {}),
    'a payload that is null': await issuer.sign('null', {}),
    'a payload of deep nesting': await issuer.sign('['.repeat(5_000) + ']'.repeat(5_000), {}),
    'a member twice': await issuer.sign(claims.replace('{', '{"scope":"x",'), {}),
  }
}

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function hmacToken(payload: string, secret: string): string {
  const input = `${part({ alg: 'HS256', typ: 'at+jwt' })}.${payload}`
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
}
