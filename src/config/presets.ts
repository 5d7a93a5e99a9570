/** Defaults for kinds of issuers, by name. A preset fills in what an issuer's entry leaves out, and nothing else. */
import type { JwsAlgorithm } from '../jwks/index.js'
import type { NameKind } from '../policy/index.js'
import type { TokenTypes } from '../token/index.js'
import type { PlaceInput } from './claims-input.js'

/** What a preset fills in. Claims are JSON Pointers, or such with a shape. */
export interface Preset {
  readonly algorithms: readonly JwsAlgorithm[]
  readonly tokenTypes: TokenTypes
  readonly claims: Readonly<Record<NameKind, readonly PlaceInput[]>> & {
    readonly client: readonly string[]
  }
}

const generic = {
  algorithms: ['RS256', 'PS256', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
  claims: {
    scopes: ['/scope', '/scp'],
    permissions: ['/permissions'],
    roles: ['/roles'],
    groups: ['/groups'],
    entitlements: ['/entitlements'],
    client: ['/client_id', '/azp'],
  },
} as const

/** The presets: tokens of the RFC 9068 profile, and tokens that an issuer marks `JWT` or not at all. */
export const presets: Readonly<Record<'generic-rfc9068' | 'generic-lenient', Preset>> = {
  'generic-rfc9068': { ...generic, tokenTypes: ['at+jwt'] },
  'generic-lenient': { ...generic, tokenTypes: 'lenient' },
}

/** Names of the presets. */
export const presetNames: readonly ['generic-rfc9068', 'generic-lenient'] = [
  'generic-rfc9068',
  'generic-lenient',
]
