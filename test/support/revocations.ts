/** Revocations and tokens for tests of what revokes them. */
import { vi } from 'vitest'
import type { TokenIdentifiers } from '../../src/check/index.js'
import { IssuerNames } from '../../src/revocation/index.js'
import type { RevocationObserver } from '../../src/revocation/observer.js'
import type { Revocation } from '../../src/revocation/revocation.js'

/** Two issuers, of which the second has the first one's id for its `iss`. */
export const testIssuers: IssuerNames = new IssuerNames([
  { id: 'main', issuer: 'https://main.example' },
  { id: 'partner', issuer: 'main' },
])

/** What a token of alice can be revoked by. */
export function identifiers(changes: Partial<TokenIdentifiers> = {}): TokenIdentifiers {
  return {
    issuerId: 'main',
    jti: 'j1',
    sub: 'alice',
    clientIds: ['app', 'party'],
    sid: 's1',
    kid: 'k1',
    issuedAtSeconds: 1_000,
    ...changes,
  }
}

/** A revocation of alice's tokens until 10 s, in a time that starts at 0. */
export function revocation(changes: Partial<Revocation> = {}): Revocation {
  return {
    issuerId: 'main',
    kind: 'sub',
    value: 'alice',
    issuedBeforeSeconds: undefined,
    untilMs: 10_000,
    ...changes,
  }
}

/** An observer that remembers what it was told. */
export function createTestObserver() {
  return {
    counted: vi.fn<RevocationObserver['counted']>(),
    noted: vi.fn<RevocationObserver['noted']>(),
    changed: vi.fn<RevocationObserver['changed']>(),
  }
}
