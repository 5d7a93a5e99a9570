/**
 * The fail-open audit: Envoy is told to let requests through when the gate fails (`failure_mode_allow: true`), and then
 * gets every malformed request there is. Whatever made the gate fail to answer would reach the upstream; nothing does.
 */
import { createServer, type Server } from 'node:net'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allowUnderscores, failOpen, noNormalisation } from '../support/envoy.js'
import type { Replacement } from '../support/shipped-file.js'
import { startEnvoyStack, type EnvoyStack } from '../support/envoy-stack.js'
import { hostileRequests } from '../support/hostile-requests.js'
import { hostileStreams } from '../support/hostile-streams.js'
import { hostileTokens } from '../support/hostile-tokens.js'
import { everyTrace, requestsThatReach, sender, tracesOfStreams } from '../support/reached-by.js'
import { until } from '../support/until.js'

const nothingHelps: readonly Replacement[] = [failOpen, allowUnderscores, ...noNormalisation]
const joinedHeaders: Replacement = ['encode_raw_headers: true', 'encode_raw_headers: false']

describe.each<readonly [string, readonly Replacement[]]>([
  ['the shipped file', [failOpen]],
  ['a file without any normalisation', nothingHelps],
  ['a file without normalisation and raw headers', [...nothingHelps, joinedHeaders]],
])('with failure_mode_allow in %s', (_, replace) => {
  let stack: EnvoyStack
  let silentServer: Server
  let silentIssuer: string
  const absentIssuer = 'http://127.0.0.1:1'
  beforeAll(async () => {
    // An issuer that takes connections and never says a word.
    silentServer = createServer()
    await new Promise<void>((resolve) => silentServer.listen(0, '127.0.0.1', resolve))
    silentIssuer = `http://127.0.0.1:${String((silentServer.address() as AddressInfo).port)}`
    stack = await startEnvoyStack({
      replace,
      awaitReady: false,
      moreIssuers: [
        { id: 'absent', issuer: absentIssuer },
        { id: 'silent', issuer: silentIssuer },
      ],
    })
    await until(
      async () => (await stack.gate.readyz()).body.components['issuer:main']?.ready === true,
    )
  })
  afterAll(async () => {
    await stack.close()
    silentServer.close()
  })

  it('no HTTP/1.1 request reaches the upstream', async () => {
    const bad = {
      ...(await hostileTokens(stack.issuer)),
      'an absent issuer': await stack.issuer.token({ iss: absentIssuer }),
      'a silent issuer': await stack.issuer.token({ iss: silentIssuer }),
    }
    const requests = hostileRequests({ good: await stack.issuer.token(), bad })
    const { upstream } = stack
    const send = sender(stack.envoy.port)
    const reachedBy = await requestsThatReach(upstream, requests, everyTrace, send)
    expect(reachedBy).toEqual([])
  })

  it('no HTTP/2 stream reaches the upstream', async () => {
    const streams = hostileStreams(await stack.issuer.token())
    const { upstream, envoy } = stack
    const traces = await tracesOfStreams(upstream, envoy.port, streams, everyTrace)
    expect(traces).toEqual([])
  })

  it('Envoy never had to fall back on its switch, and still works', async () => {
    const stats = await stack.envoy.admin('/stats?filter=^http.api.ext_authz')
    expect(stats).toMatch(/ext_authz\.denied: [1-9]/)
    for (const name of ['error', 'failure_mode_allowed', 'invalid']) {
      expect(stats).toContain(`http.api.ext_authz.${name}: 0\n`)
    }
    expect((await stack.send('/health')).status).toBe(200)
    expect((await stack.send('/read', { token: await stack.issuer.token() })).status).toBe(200)
    expect(stack.upstream.reached).toEqual(['a connection', 'GET /health', 'GET /read'])
  })
})
