/**
 * Access tokens of the RFC 9068 profile as a real authorization server issues them: RS256 with a 2048-bit key, about
 * 740 characters, or ES256, which is signed faster. The key pair is made for the run and forgotten with it.
 */
import { exportJWK, generateKeyPair, SignJWT } from 'jose'

const issuer = 'https://login.bench.example/'
export const audience = 'https://api.bench.example'
const kid = 'bench-2026-11'

/** What every token says of its caller. */
export const claims = {
  sub: 'auth0|6543210fedcba9876543210f',
  client_id: 'bench-client',
  scope: 'openid profile read:users',
}

/** Makes an issuer: what the gate is configured with, and `sign(count)` for distinct good tokens. */
export async function createIssuer(alg = 'RS256') {
  const { publicKey, privateKey } = await generateKeyPair(alg, { modulusLength: 2048 })
  const jwk = { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' }
  const now = Math.floor(Date.now() / 1_000)

  async function signOne() {
    return await new SignJWT({ ...claims, jti: crypto.randomUUID() })
      .setProtectedHeader({ alg, typ: 'at+jwt', kid })
      .setIssuer(issuer)
      .setAudience(audience)
      .setIssuedAt(now)
      .setExpirationTime(now + 3_600)
      .sign(privateKey)
  }

  return {
    issuer,
    alg,
    jwks: { keys: [jwk] },
    sign: async (count) => await Promise.all(Array.from({ length: count }, signOne)),
  }
}
