/**
 * What is decided on is what the upstream gets, octet by octet: hostile targets through every real proxy. Whenever the
 * upstream is reached, path, method and host that it saw are those in Scopegate's log.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hostilePaths } from '../support/hostile-paths.js'
import { hostileRequests } from '../support/hostile-requests.js'
import { hostileStreams } from '../support/hostile-streams.js'
import { hostileTokens } from '../support/hostile-tokens.js'
import { proxyKinds } from '../support/proxies/index.js'
import { startProxyStack, type ProxyStack } from '../support/proxy-stack.js'
import { rawRequest, sendRaw } from '../support/raw-http.js'
import { requestsOnly, requestsThatReach, tracesOfStreams } from '../support/reached-by.js'

it('are at least 300 targets', () => {
  expect(hostilePaths.length).toBeGreaterThanOrEqual(300)
})

describe.each(proxyKinds.map((kind) => [kind.name, kind] as const))('through %s', (_, kind) => {
  let stack: ProxyStack
  beforeAll(async () => {
    stack = await startProxyStack(kind)
  })
  afterAll(async () => {
    await stack.close()
  })

  /** What the upstream saw and what was decided on, where they differ; undefined when it was not reached. */
  async function difference(request: string): Promise<string | undefined> {
    stack.upstream.requests.splice(0)
    stack.gate.log.splice(0)
    await sendRaw(stack.proxy.port, request)
    const [seen, ...more] = stack.upstream.requests
    if (seen === undefined) return undefined
    const decided = stack.gate.log.at(-1) ?? {}
    const host = seen.headers.find(([name]) => name === 'host')?.[1]
    const saw = `${seen.method} ${String(host)} ${seen.target.split('?', 1)[0] ?? ''}`
    const on = ['method', 'host', 'path'].map((name) => String(decided[name])).join(' ')
    if (more.length > 0) return `reached ${String(more.length + 1)} times`
    return saw === on && decided['decision'] === 'allow' ? 'none' : `decided ${on}, reached ${saw}`
  }

  it.each(['with a token', 'without a token'])('whatever passes %s', async (how) => {
    const authorization = `authorization: Bearer ${await stack.issuer.token()}`
    const passed: string[] = []
    const differences: string[] = []
    for (const target of hostilePaths) {
      for (const host of ['api.example.com', 'public.example.com']) {
        const lines = [`host: ${host}`, ...(how === 'with a token' ? [authorization] : [])]
        const found = await difference(rawRequest(`GET ${target} HTTP/1.1`, ...lines))
        if (found === undefined) continue
        passed.push(`${host} ${target}`)
        if (found !== 'none') differences.push(`${host} ${target}: ${found}`)
      }
    }
    expect(differences).toEqual([])
    const sure = ['public.example.com /me/A', 'public.example.com /me/a~b']
    if (how === 'with a token') sure.push('api.example.com /me/a~b', 'api.example.com /me/a:b')
    expect(passed).toEqual(expect.arrayContaining(sure))
    if (how === 'without a token') {
      expect(passed.filter((what) => /^api\S* \/(?!health)/.test(what))).toEqual([])
    }
  })

  it('no request that has no right to it', async () => {
    const bad = await hostileTokens(stack.issuer)
    const requests = hostileRequests({ good: await stack.issuer.token(), bad })
    stack.upstream.reached.splice(0)
    // Traefik waits for more of what could be the preface of HTTP/2, and says nothing to the few bytes of HTTP/0.9.
    const send = async (bytes: string): Promise<unknown> =>
      await sendRaw(stack.proxy.port, bytes, 1_000).catch(() => undefined)
    const reachedBy = await requestsThatReach(stack.upstream, requests, requestsOnly, send)
    expect(reachedBy).toEqual([])
  })

  it('no HTTP/2 stream that has no right to it', async () => {
    const streams = hostileStreams(await stack.issuer.token())
    const { upstream, proxy } = stack
    upstream.reached.splice(0)
    expect(await tracesOfStreams(upstream, proxy.port, streams, requestsOnly)).toEqual([])
  })
})
