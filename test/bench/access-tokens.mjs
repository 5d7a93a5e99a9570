/**
 * Access tokens of the RFC 9068 profile as a real authorization server issues them: RS256 with a 2048-bit key, about
 * 740 characters. The key pair is made for the run and forgotten with it.
 */
import { exportJWK, generateKeyPair, SignJWT } from 'jose'

const issuer = 'https://login.bench.example/'
export const audience = 'https://api.bench.example'
const kid = 'bench-2026-11'

/** Makes an issuer: what the gate is configured with, and `sign(count)` for distinct good tokens. */
export async function createIssuer() {
  const { publicKey, privateKey } = await generateKeyPair('RS256', { modulusLength: 2048 })
  const jwk = { ...(await exportJWK(publicKey)), kid, alg: 'RS256', use: 'sig' }
  const now = Math.floor(Date.now() / 1_000)

  async function signOne() {
    return await new SignJWT({
      client_id: 'bench-client',
      scope: 'openid profile read:users',
      jti: crypto.randomUUID(),
    })
      .setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', kid })
      .setIssuer(issuer)
      .setSubject('auth0|6543210fedcba9876543210f')
      .setAudience(audience)
      .setIssuedAt(now)
      .setExpirationTime(now + 3_600)
      .sign(privateKey)
  }

  return {
    issuer,
    jwks: { keys: [jwk] },
    sign: async (count) => await Promise.all(Array.from({ length: count }, signOne)),
  }
}
