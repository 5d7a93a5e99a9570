/** Hostile headers through every real proxy: exactly one trusted value or none, and nothing that changes a decision. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { clientCertificateHeaders, forgeries, otherRequests } from '../support/forgeries.js'
import { proxyKinds } from '../support/proxies/index.js'
import { startProxyStack, type ProxyStack } from '../support/proxy-stack.js'
import { rawRequest, sendRaw } from '../support/raw-http.js'
import { sendHeaderBlock } from '../support/raw-http2.js'

const identityNames = ['x-auth-subject', 'x-auth-scope', 'x-auth-client']

describe.each(proxyKinds.map((kind) => [kind.name, kind] as const))('through %s', (_, kind) => {
  let stack: ProxyStack
  let bearer: string
  beforeAll(async () => {
    stack = await startProxyStack(kind)
    bearer = `authorization: Bearer ${await stack.issuer.token()}`
  })
  afterAll(async () => {
    await stack.close()
  })

  async function send(path: string, ...lines: readonly string[]): Promise<number> {
    stack.upstream.requests.splice(0)
    const hosts = lines.some((line) => line.startsWith('host:')) ? [] : ['host: api.example.com']
    const request = rawRequest(`GET ${path} HTTP/1.1`, ...hosts, ...lines)
    const { status } = await sendRaw(stack.proxy.port, request)
    expect(stack.upstream.requests.length).toBe(status === 200 ? 1 : 0)
    return status
  }

  function identity(): Record<string, string[]> {
    return Object.fromEntries(
      identityNames.map((name) => [name, stack.upstream.lastIdentity(name)]),
    )
  }

  it('tells the upstream who calls, and nothing on a public route', async () => {
    expect(await send('/read', bearer)).toBe(200)
    const [subject, scope] = [['alice'], ['read:users']]
    expect(identity()).toEqual({
      'x-auth-subject': subject,
      'x-auth-scope': scope,
      'x-auth-client': [],
    })
    expect(await send('/health')).toBe(200)
    expect(Object.values(identity()).flat()).toEqual([])
  })

  it.each(forgeries)('replaces, removes or refuses a forgery: %s', async (name, lines) => {
    const status = await send('/read', bearer, ...lines)
    if (status !== 200) {
      expect(status).toBe(400) // A proxy may refuse names with underscores.
      expect(lines.join()).toMatch(/_/)
    } else {
      const { 'x-auth-subject': subject, ...others } = identity()
      // A header that a client nominates as hop-by-hop may be gone; nobody else's may be there.
      const isGone = /hop-by-hop/.test(name) && subject?.length === 0
      if (!isGone) expect(subject).toEqual(['alice'])
      expect(others).toEqual({ 'x-auth-scope': ['read:users'], 'x-auth-client': [] })
    }
  })

  it.each(forgeries)('removes or refuses a forgery on a public route: %s', async (_name, lines) => {
    if ((await send('/health', ...lines)) === 200) {
      expect(Object.values(identity()).flat()).toEqual([])
    }
  })

  it.each(otherRequests)('decides on the request and not on %s', async (line) => {
    // Traefik has no route for a host that is empty.
    const refused = line === 'host:' ? [400, 401, 404] : [400, 401]
    expect(refused).toContain(await send('/read', line))
    expect(refused).toContain(await send('/read', line, line))
    const status = await send('/read', bearer, line)
    // What a client nominates as hop-by-hop may not arrive, and then it is refused.
    expect(status).toSatisfy((code: number) => code === 200 || (code >= 400 && code < 500))
    if (!/^(?:connection|host)|_|\./.test(line)) expect(status).toBe(200)
  })

  it.each([...clientCertificateHeaders, 'proxy'])(
    'does not hand on a %s that a client wrote',
    async (name) => {
      for (const path of ['/read', '/health']) {
        expect(await send(path, bearer, `${name}: MIIB`, `${name}: MIIC`)).toBe(200)
        expect(stack.upstream.lastIdentity(name)).toEqual([])
      }
    },
  )

  it('does not let a client choose another method or path for the upstream', async () => {
    const names = ['x-http-method-override', 'x-http-method', 'x-method-override', 'x-original-url']
    const lines = [...names, 'x-rewrite-url'].map((name) => `${name}: DELETE`)
    expect(await send('/read', bearer, ...lines)).toBe(200)
    const values = stack.upstream.requests.at(-1)?.headers.map(([, value]) => value)
    expect(values).not.toContain('DELETE')
  })

  it('leaves other headers alone', async () => {
    expect(await send('/health', 'x-other: 1', 'cookie: a=b; c=d', 'accept-language: en')).toBe(200)
    const headers = stack.upstream.requests.at(-1)?.headers
    for (const header of [
      ['x-other', '1'],
      ['cookie', 'a=b; c=d'],
      ['accept-language', 'en'],
    ]) {
      expect(headers).toContainEqual(header)
    }
  })

  // An upgrade to h2c is a tunnel past the proxy: whatever comes through it was decided on by nobody.
  it.each([
    ['h2c'],
    ['h2c', 'websocket'],
    ['websocket', 'h2c'],
    ['websocket, h2c'],
    ['h2c, websocket'],
    ['WebSocket,h2c'],
    ['h2c/websocket'],
    ['foo', 'websocket', 'h2c'],
  ])('lets nobody upgrade to h2c by %j', async (...upgrades) => {
    stack.upstream.requests.splice(0)
    const lines = upgrades.map((value) => `upgrade: ${value}`)
    const more = [
      ...['connection: upgrade, http2-settings', 'http2-settings: AAMAAABkAARAAAAAAAIAAAAA'],
      ...['sec-websocket-version: 13', 'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ=='],
    ]
    const head = ['GET /health HTTP/1.1', 'host: api.example.com', ...lines, ...more]
    const bytes = `${head.join('\r\n')}\r\n\r\n`
    await sendRaw(stack.proxy.port, bytes, 10_000, (text) => text.includes('\r\n\r\n'))
    const seen = stack.upstream.requests.flatMap(({ headers }) => headers)
    const upgrade = seen.filter(([name]) => name === 'upgrade').map(([, value]) => value)
    expect(upgrade.filter((value) => !/^websocket$/i.test(value))).toEqual([])
    expect(upgrade.length).toBeLessThanOrEqual(1)
    expect(seen.filter(([name]) => name === 'http2-settings')).toEqual([])
  })

  it.each([
    'public.example.com\t',
    ' public.example.com',
    'public.example.com ',
    '\tpublic.example.com ',
  ])('decides over HTTP/2 on the authority that the upstream gets: %j', async (authority) => {
    stack.upstream.requests.splice(0)
    await sendHeaderBlock(stack.proxy.port, [
      [':method', 'GET'],
      [':scheme', 'http'],
      [':authority', authority],
      [':path', '/read'],
    ])
    const hosts = stack.upstream.requests.map(({ headers }) => new Map(headers).get('host'))
    expect(hosts.filter((host) => host !== 'public.example.com')).toEqual([])
  })
})
