/** One request that a proxy asks about, in the same form from every door. Untrusted, except where it says otherwise. */
import type { RouteSelection } from '../policy/index.js'

/** What a decision is made from. */
export interface CheckRequest {
  readonly method: string
  /** The request target as received, with its query. */
  readonly target: string
  /** Host, with port or without. */
  readonly host: string
  /**
   * The value of the Authorization header; repeated fields joined by commas. Octets may be a part of a message: they are not
   * looked at once a check has something to wait for.
   */
  readonly authorization: string | Uint8Array | undefined
  /** Set by the proxy's own configuration; a door fills it only from what a client cannot reach. */
  readonly selection: RouteSelection | undefined
  /** Milliseconds until the proxy stops waiting; asked only when something has to be waited for. */
  readonly remainingMs: () => number
}
