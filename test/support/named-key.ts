/** Test keys whose `kid` a test wants to know. */
import { createTestKey, type TestKey } from './authorization-server.js'

export async function createNamedKey(kid: string, algorithm = 'ES256'): Promise<TestKey> {
  const key = await createTestKey(algorithm)
  return { ...key, jwk: { ...key.jwk, kid } }
}
