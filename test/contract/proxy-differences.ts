/**
 * Where the answer that a client gets through a proxy is another than the door's own, and why. What is not here is the
 * same through every proxy.
 */
import type { Door } from '../../src/check/index.js'
import type { ContractCase } from './contract-case.js'
import { statusAt } from './door-differences.js'

/** What a client gets in place of the contract's own refusal. */
export interface ThroughProxy {
  /** One of them, where versions of a proxy differ. */
  readonly status: number | readonly number[]
  readonly challenge: string | undefined
  readonly retryAfter: string | undefined
  /** The proxy refuses this by itself, before it asks: its headers are its own. */
  readonly isTheProxysOwn?: boolean
}

/** The answer to a row through the proxy of a door. */
export function throughProxy(door: Door, row: ContractCase): ThroughProxy {
  const { status = 200, challenge, retryAfter } = row
  const same = { status, challenge, retryAfter }
  if (row.reason === 'ambiguous_host') {
    // A host with a user in it: most refuse it before they ask, NGINX 1.22 asks, and 400 is 403 at its door.
    return { ...same, status: door === 'nginx' ? [400, 403] : 400, isTheProxysOwn: true }
  }
  if (row.reason === 'malformed_request' && door !== 'envoy') {
    // Methods are upper case to these proxies too, and they refuse others before they ask.
    return { ...same, status: 400, isTheProxysOwn: true }
  }
  // Envoy puts its own refusals of gRPC requests into gRPC's form: 200, and the verdict in grpc-status.
  const isGrpc = /gRPC request/.test(row.name)
  if (isGrpc && (door === 'envoy' || door === 'envoy-http')) {
    return { ...same, status: 200, isTheProxysOwn: true }
  }
  if (door === 'envoy' || door === 'http') return same
  return { ...same, status: statusAt(door, row) }
}
