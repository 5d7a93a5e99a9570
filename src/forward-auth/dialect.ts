/**
 * How one kind of proxy asks over HTTP, and what it understands of the answer. One file a dialect; nothing is guessed:
 * the first segment of the path says which dialect it is, and that path is in the proxy's own configuration.
 */
import type { Door, FoldStatus, Refusal } from '../check/index.js'
import type { ContractNames } from './contract-fields.js'

/** A dialect. */
export interface Dialect {
  /** The label in metrics and logs. */
  readonly door: Door
  /** First segment of the path, with its slash. */
  readonly prefix: string
  /** Whether method and target of the question are the original ones, the target behind the prefix. */
  readonly isTransparent: boolean
  /** The fields that tell the rest. */
  readonly fields: ContractNames
  /** Method, target and host out of what the fields say, where a field is not the thing itself. */
  readonly targetOf?: (
    field: string,
  ) => { readonly target: string; readonly host: string } | undefined
  /** The status that the proxy understands for a refusal whose own status is `status`. Never 2xx. */
  readonly foldStatus: FoldStatus
  /** The proxy throws the body of an answer away, and the connection with it when there is one. */
  readonly wantsNoBody?: true
  /** A response header that tells the proxy which request headers to remove, where it knows one. */
  readonly removeWith?: string
}

/** For proxies that hand every answer but 2xx to the client as it is. */
export function asItIs(status: number): number {
  return status
}

/**
 * For NGINX's auth_request, which knows 2xx, 401 and 403, and makes its own 500 of everything else (ADR 0015): what a
 * client did wrong is 401 where there is a challenge and 403 where there is none; "cannot decide" is always 503.
 */
export function foldForAuthRequest(status: number, refusal: Refusal): number {
  if (status >= 500) return 503
  if (status === 401 || status === 403) return status
  return refusal.challenge === undefined ? 403 : 401
}
