/** An answer comes before the proxy stops listening for it, and within our own budget where the proxy sets none. */
import type { ServerResponse } from 'node:http'
import { Client, credentials } from '@grpc/grpc-js'
import { afterEach, describe, expect, it } from 'vitest'
import {
  startTestAuthorizationServer,
  type TestAuthorizationServer,
} from '../../support/authorization-server.js'
import {
  checkRequestMessage,
  decodeCheckResponse,
  encodeCheckRequest,
  type CheckAnswer,
} from '../../support/check-client.js'
import { startTestGate, testConfig, type TestGate } from '../../support/test-gate.js'
import { until } from '../../support/until.js'

let issuer: TestAuthorizationServer
let gate: TestGate

afterEach(async () => {
  await gate.close()
  await issuer.close()
})

/** A gate whose issuer takes requests for its keys and does not answer them. */
async function openBeforeHangingIssuer(
  changes = {},
  keys = {},
): Promise<readonly ServerResponse[]> {
  const hanging: ServerResponse[] = []
  issuer = await startTestAuthorizationServer()
  issuer.answer('/jwks', (_request, response) => hanging.push(response))
  const issuers = [{ id: 'main', issuer: issuer.issuer, keys: { discovery: true, ...keys } }]
  gate = await startTestGate(testConfig(issuer, { issuers, ...changes }), { awaitReady: false })
  await until(() => hanging.length > 0, 'a request for the keys')
  return hanging
}

async function ask(deadlineMs?: number): Promise<CheckAnswer & { readonly elapsedMs: number }> {
  const headers = { authorization: `Bearer ${await issuer.token()}` }
  const startedAt = performance.now()
  const answer = await gate.client.check({ path: '/read', headers }, deadlineMs)
  return { ...answer, elapsedMs: performance.now() - startedAt }
}

const late = {
  kind: 'denied',
  status: 503,
  code: 14,
  headers: { 'retry-after': ['5'] },
  metadata: { decision: 'error', reason: 'deadline', route: 'read' },
}

describe('a check that waits for keys', () => {
  // 200 ms is Envoy's default. A machine under load may stop for longer than the 40 ms that are left of them.
  it('is answered before the deadline of its proxy', { retry: 2 }, async () => {
    await openBeforeHangingIssuer()
    await gate.client.check({ path: '/health' }) // Connects.
    const answer = await ask(200)
    expect(answer).toMatchObject(late)
    expect(answer.elapsedMs).toBeLessThan(200)
  })

  it('is answered within the budget of the gate when the proxy would wait longer', async () => {
    await openBeforeHangingIssuer({ limits: { decisionTimeoutMs: 50 } })
    const answer = await ask(10_000)
    expect(answer).toMatchObject(late)
    expect(answer.elapsedMs).toBeGreaterThan(40)
    expect(answer.elapsedMs).toBeLessThan(5_000)
  })

  it('is answered within the budget of the gate when the proxy sets no deadline', async () => {
    await openBeforeHangingIssuer({ limits: { decisionTimeoutMs: 50 } })
    const client = new Client(gate.addresses.grpc, credentials.createInsecure())
    const headers = { authorization: `Bearer ${await issuer.token()}` }
    const request = encodeCheckRequest(checkRequestMessage({ path: '/read', headers }))
    const pass = (message: Buffer): Buffer => message
    const path = '/envoy.service.auth.v3.Authorization/Check'
    const answer = await new Promise<Buffer | undefined>((resolve) => {
      client.makeUnaryRequest(path, pass, pass, request, (_error, bytes) => {
        resolve(bytes)
      })
    })
    client.close()
    expect(decodeCheckResponse(answer ?? Buffer.alloc(0))).toMatchObject(late)
  })

  it('is refused at once when too many wait already', async () => {
    await openBeforeHangingIssuer({ limits: { decisionTimeoutMs: 500 } }, { maxWaitingChecks: 1 })
    const answers = await Promise.all([ask(), ask(), ask()])
    for (const answer of answers) expect(answer).toMatchObject({ kind: 'denied', status: 503 })
    const reasons = answers.map(({ metadata }) => metadata['reason'])
    expect(reasons.sort()).toEqual(['deadline', 'overloaded', 'overloaded'])
  })
})
