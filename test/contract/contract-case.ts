/** One row of the contract, and what rows are made of. */
import type { Reason } from '../../src/check/index.js'
import type { TestAuthorizationServer } from '../support/authorization-server.js'
import type { HttpAttributes } from '../support/check-client.js'
import type { World } from './worlds.js'

export interface ContractCase {
  readonly name: string
  readonly reason: Reason | 'none'
  /** Which gate is asked; `main` is a healthy one. */
  readonly world?: keyof World
  readonly request: (issuer: TestAuthorizationServer) => HttpAttributes | Promise<HttpAttributes>
  /** HTTP status of the refusal; undefined for an allow. */
  readonly status?: number
  readonly statusCode: number
  /** The whole challenge; undefined for none. */
  readonly challenge?: string
  /** Identity headers of an allow. */
  readonly upstream?: Readonly<Record<string, string>>
  readonly retryAfter?: string
  /** Why this can be asked through the gRPC door alone. */
  readonly grpcOnly?: string
}

type Claims = Record<string, unknown>

export function read(claims?: Claims, header?: Claims): ContractCase['request'] {
  return async (issuer) => withToken(await issuer.token(claims, header))
}

export function withToken(token: string, path = '/read', method = 'GET'): HttpAttributes {
  return { method, path, headers: { authorization: `Bearer ${token}` } }
}

export function authorization(value: string): ContractCase['request'] {
  return () => ({ path: '/read', headers: { authorization: value } })
}

export const seconds = (): number => Math.floor(Date.now() / 1000)
export const realm = 'Bearer realm="users"'
export const notValidHere = `${realm}, error="invalid_token", error_description="The access token is not valid here"`
export const invalidToken = { status: 401, statusCode: 16, challenge: notValidHere }
export const invalidRequest = {
  status: 400,
  statusCode: 3,
  challenge: `${realm}, error="invalid_request", error_description="Multiple methods used to include access token"`,
}
export const missing = { status: 401, statusCode: 16, challenge: `${realm}, scope="read:users"` }
export const unavailable = { status: 503, statusCode: 14, retryAfter: '5' }
export const lacksRight = `${realm}, error="insufficient_scope", error_description="The access token lacks a required right"`
