/**
 * Where the answer of a door is another than the contract's own, and why. What is not here is the same everywhere.
 */
import type { HttpDoor } from '../support/http-question.js'
import type { ContractCase } from './contract-case.js'

/** The status of a row at a door. */
export function statusAt(door: HttpDoor, row: ContractCase): number {
  const { status = 200, challenge } = row
  switch (door) {
    case 'nginx':
    case 'ingress-nginx':
      // auth_request knows 401 and 403; everything else is 500 to the client, so that it may as well be 503.
      if (status === 400) return challenge === undefined ? 403 : 401
      return status >= 500 ? 503 : status
    case 'envoy-http':
      // Envoy takes 5xx for a failure of the gate, and failure_mode_allow would let the request through.
      return status >= 500 ? 429 : status
    default:
      return status
  }
}
