/**
 * Clients that give up while their checks wait make Envoy reset these checks. Thousands of resets on the one connection that
 * Envoy has to the gate cost nobody else a check: not those that can be decided at once, and not those that wait on
 * the same connection and do not give up.
 */
import type { ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import {
  createTestKey,
  sendJson,
  startTestAuthorizationServer,
  type TestAuthorizationServer,
} from '../support/authorization-server.js'
import type { TestEnvoy } from '../support/envoy.js'
import { startEnvoyStack, type EnvoyStack } from '../support/envoy-stack.js'
import { apiHost, rawRequest } from '../support/raw-http.js'
import type { Replacement } from '../support/shipped-file.js'
import { until } from '../support/until.js'

const cleanups: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

const crowds = 30
const clientsOfCrowd = 100
/** Checks end because their clients give up and for no other reason, also on a machine that others use as well. */
const decisionTimeoutMs = 60_000
/** Asks nothing twice, so that a check that the gate loses is a request that fails. */
const patientEnvoy: readonly Replacement[] = [
  ['num_retries: 2', 'num_retries: 0'],
  ['  timeout: 1s', '  timeout: 100s'],
  ['max_interval: 1s', 'max_interval: 100s'],
]
/** A verification has its place until it ends, also when nobody waits for it any more: there is one for everybody. */
const hangingKeys = { load: 'first-use', timeoutSeconds: 60, maxWaitingChecks: 10_000 }

/** An authorization server whose key set does not come before `release`. */
async function startHangingIssuer() {
  const issuer = await startTestAuthorizationServer()
  cleanups.push(async () => {
    await issuer.close()
  })
  const waiting: ServerResponse[] = []
  issuer.answer('/jwks', (_, response) => waiting.push(response))
  const release = (): void => {
    for (const response of waiting) sendJson(response, { keys: issuer.keys.map(({ jwk }) => jwk) })
  }
  return { issuer, release }
}

/** A token with the `kid` of the issuer's key and a signature of another one. */
async function forgedToken(issuer: TestAuthorizationServer): Promise<string> {
  const header = { kid: issuer.keys[0]?.jwk.kid }
  return await issuer.sign(JSON.stringify(issuer.claims()), header, await createTestKey())
}

/** Sends a request on a connection of its own, and waits for nothing. What comes back is counted. */
function ask(envoy: TestEnvoy, accessToken: string, answered: () => void): Socket {
  const request = rawRequest(
    'GET /read?given-up HTTP/1.1',
    apiHost,
    `authorization: Bearer ${accessToken}`,
  )
  const socket = connect(envoy.port, '127.0.0.1', () => socket.write(request))
  socket.on('data', answered).on('error', answered)
  return socket
}

/** What Envoy counts of the cluster of the gate. */
async function gateStats(envoy: TestEnvoy): Promise<(name: string) => number> {
  const text = await envoy.admin('/stats?filter=^cluster.scopegate')
  const all = new Map(text.split('\n').map((line) => line.split(': ') as [string, string]))
  return (name) => Number(all.get(`cluster.scopegate.${name}`) ?? Number.NaN)
}

/** The statuses of what the gate can decide at once: a public route, a known token, a new one, a forged one, and none. */
async function decidedAtOnce(
  stack: EnvoyStack,
  tokens: { readonly good: string; readonly forged: string },
): Promise<number[]> {
  const answers = await Promise.all([
    stack.send('/health'),
    stack.send('/read', { token: tokens.good }),
    stack.send('/read', { token: await stack.issuer.token() }),
    stack.send('/read', { token: tokens.forged }),
    stack.send('/read'),
  ])
  return answers.map(({ status }) => status)
}

describe('three thousand clients that give up while their checks wait', () => {
  it('cost no other client its check, and the gate no connection', async () => {
    const hanging = await startHangingIssuer()
    const stack = await startEnvoyStack({
      replace: patientEnvoy,
      config: { limits: { decisionTimeoutMs } },
      moreIssuers: [{ id: 'hanging', issuer: hanging.issuer.issuer, keys: hangingKeys }],
    })
    cleanups.push(stack.close)
    const { envoy, upstream, issuer } = stack
    const tokens = { good: await issuer.token(), forged: await forgedToken(issuer) }
    const rightly = [200, 200, 200, 401, 401]
    expect(await decidedAtOnce(stack, tokens)).toEqual(rightly)

    // Two who wait from before the first reset until after the last one.
    const patient = [await hanging.issuer.token(), await forgedToken(hanging.issuer)].map(
      async (token) => {
        const answer = await stack.send('/read?patient', { token }).catch(() => undefined)
        return answer?.status
      },
    )
    const underWay = async (): Promise<number> => (await gateStats(envoy))('upstream_rq_active')
    await until(async () => (await underWay()) === patient.length, 'the patient checks')
    const before = await gateStats(envoy)
    expect(before('upstream_cx_active')).toBe(1)

    let answersToTheGone = 0
    for (let crowd = 0; crowd < crowds; crowd++) {
      const token = await hanging.issuer.token()
      const sockets = Array.from({ length: clientsOfCrowd }, () =>
        ask(envoy, token, () => answersToTheGone++),
      )
      const count = patient.length + clientsOfCrowd
      await until(async () => (await underWay()) >= count, 'the checks of a crowd')
      const statuses = decidedAtOnce(stack, tokens)
      for (const socket of sockets) socket.destroy()
      expect(await statuses).toEqual(rightly)
      await until(async () => (await underWay()) <= patient.length, 'the resets of a crowd')
    }

    const after = await gateStats(envoy)
    const grown = (name: string): number => after(name) - before(name)
    hanging.release()
    expect(await Promise.all(patient)).toEqual([200, 401])
    expect(await decidedAtOnce(stack, tokens)).toEqual(rightly)
    expect({
      resets: grown('upstream_rq_tx_reset'),
      newConnections: grown('upstream_cx_total'),
      endedConnections: grown('upstream_cx_destroy'),
    }).toEqual({ resets: crowds * clientsOfCrowd, newConnections: 0, endedConnections: 0 })
    // Who gave up got no answer, and nothing was done for them.
    expect(answersToTheGone).toBe(0)
    expect(upstream.requests.filter(({ target }) => target.includes('given-up'))).toEqual([])
  })
})
