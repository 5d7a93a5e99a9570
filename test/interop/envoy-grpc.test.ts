/** Refusals as gRPC clients see them through Envoy: the status code that fits, never INTERNAL or UNKNOWN. */
import { status, type ServiceError } from '@grpc/grpc-js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startEnvoyStack, type EnvoyStack } from '../support/envoy-stack.js'
import { grpcRefusal } from '../support/grpc-refusal.js'

describe('a gRPC client', () => {
  let stack: EnvoyStack
  beforeAll(async () => {
    stack = await startEnvoyStack()
  })
  afterAll(async () => {
    await stack.close()
  })

  async function refusal(path: string, authorization?: string): Promise<ServiceError> {
    const headers = authorization === undefined ? {} : { authorization }
    return await grpcRefusal(stack.envoy.port, path, headers)
  }

  it('without a token sees UNAUTHENTICATED and the challenge', async () => {
    const error = await refusal('/create')
    expect(error.code).toBe(status.UNAUTHENTICATED)
    expect(error.details).toBe('An access token is required')
    expect(error.metadata.get('www-authenticate')).toEqual([
      'Bearer realm="users", scope="create:users read:users"',
    ])
  })

  it('with a bad token or two credentials sees UNAUTHENTICATED', async () => {
    expect((await refusal('/create', 'Bearer garbage')).code).toBe(status.UNAUTHENTICATED)
    expect((await refusal('/create', 'Bearer a,Bearer b')).code).toBe(status.UNAUTHENTICATED)
  })

  it('without the scope sees PERMISSION_DENIED', async () => {
    const error = await refusal('/create', `Bearer ${await stack.issuer.token()}`)
    expect(error.code).toBe(status.PERMISSION_DENIED)
    expect(error.details).toBe('The access token lacks a required scope')
  })

  it('on an unknown method or an ambiguous path sees PERMISSION_DENIED', async () => {
    const authorization = `Bearer ${await stack.issuer.token()}`
    expect((await refusal('/a.B/Get', authorization)).code).toBe(status.PERMISSION_DENIED)
    expect((await refusal('/create;a', authorization)).code).toBe(status.PERMISSION_DENIED)
  })

  it('never reaches the upstream', () => {
    expect(stack.upstream.reached).toEqual([])
  })
})
