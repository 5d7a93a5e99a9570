/**
 * Ory Hydra and Ory Network with the JWT strategy; opaque tokens (`ory_at_`) are its default. Scopes are in `scp`, `scope` or both,
 * as text or list. `client_id` tells an access token from an ID token, whose keys are in the same set. A token without audience has
 * an empty list, and is refused.
 */
import type { Preset } from '../preset.js'

/** Ory Hydra and Ory Network. */
export const hydra: Preset = {
  algorithms: ['RS256'],
  tokenTypes: 'lenient',
  claims: { scopes: ['/scp', '/scope'], permissions: [], roles: [], client: ['/client_id'] },
  require: { '/client_id': { present: true } },
}
