/**
 * A gate that trusts three authorization servers, for tests that attack it with tokens: `main` by the RFC 9068
 * profile, `other` by the same rules with a key of the same `kid`, and `legacy` leniently.
 */
import {
  startTestAuthorizationServer,
  type TestAuthorizationServer,
  type TestKey,
} from './authorization-server.js'
import { createNamedKey } from './named-key.js'
import type { CheckAnswer, HttpAttributes } from './check-client.js'
import { startTestGate, testConfig, type TestGate } from './test-gate.js'

export interface AttackWorld {
  readonly main: TestAuthorizationServer
  readonly other: TestAuthorizationServer
  readonly legacy: TestAuthorizationServer
  readonly gate: TestGate
  /** The key of `main` for each algorithm; the one for ES256 signs by default. */
  readonly keys: Readonly<Record<'ES256' | 'RS256' | 'EdDSA', TestKey>>
  /** Asks for `/read` with the token in the Authorization header. */
  present(token: string, attributes?: HttpAttributes): Promise<CheckAnswer>
  close(): Promise<void>
}

/** Starts everything and waits until the gate is ready. */
export async function startAttackWorld(): Promise<AttackWorld> {
  const [main, other, legacy] = await Promise.all([
    startTestAuthorizationServer(),
    startTestAuthorizationServer(),
    startTestAuthorizationServer(),
  ])
  const keys = {
    ES256: await createNamedKey('ec-1'),
    RS256: await createNamedKey('rsa-1', 'RS256'),
    EdDSA: await createNamedKey('ed-1', 'EdDSA'),
  }
  main.keys = [keys.ES256, keys.RS256, keys.EdDSA]
  other.keys = [await createNamedKey('ec-1')]
  const gate = await startTestGate(
    testConfig(main, {
      issuers: [
        { id: 'main', issuer: main.issuer },
        { id: 'other', issuer: other.issuer },
        { id: 'legacy', issuer: legacy.issuer, preset: 'generic-lenient' },
      ],
      // The largest that can be configured, so that long tokens are refused for what they are and not for their length.
      limits: { maxTokenBytes: 65_536 },
    }),
  )
  return {
    main,
    other,
    legacy,
    gate,
    keys,
    present: async (token, attributes) =>
      await gate.client.check({
        path: '/read',
        headers: { authorization: `Bearer ${token}` },
        ...attributes,
      }),
    async close() {
      await gate.close()
      await Promise.all([main.close(), other.close(), legacy.close()])
    },
  }
}
