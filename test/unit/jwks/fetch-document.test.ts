/** Documents of an authorization server that misbehaves (RFC 8414 section 6, standards 54). */
import { once } from 'node:events'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fetchDocument, isFetchable, type Fetch } from '../../../src/jwks/fetch-document.js'
import {
  startTestAuthorizationServer,
  type Answer,
  type TestAuthorizationServer,
} from '../../support/authorization-server.js'

let server: TestAuthorizationServer
let other: TestAuthorizationServer
beforeAll(async () => {
  ;[server, other] = await Promise.all([
    startTestAuthorizationServer(),
    startTestAuthorizationServer(),
  ])
})
afterAll(async () => {
  await Promise.all([server.close(), other.close()])
})

async function fetchAnswered(answer: Answer, timeoutMs = 5_000): Promise<unknown> {
  server.answer('/document', answer)
  const { document: value } = await fetchDocument(`${server.issuer}/document`, {
    fetch: (url, init) => fetch(url, init),
    timeoutMs,
    allowInsecure: false,
  })
  return value
}

const document = '{"keys":[]}'

describe('fetchDocument', () => {
  const bodies: [string, string, Record<string, string>][] = [
    ['application/json', document, { 'content-type': 'application/json' }],
    ['application/jwk-set+json', document, { 'content-type': 'application/jwk-set+json' }],
    ['text/html', document, { 'content-type': 'text/html' }],
    ['no content type', document, {}],
    ['a byte order mark', `\ufeff${document}`, {}],
  ]

  it.each(bodies)('reads JSON with %s', async (_, body, headers) => {
    const value = await fetchAnswered((_, response) => response.writeHead(200, headers).end(body))
    expect(value).toEqual({ keys: [] })
  })

  it('reads a compressed body', async () => {
    const value = await fetchAnswered((_, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(document)),
    )
    expect(value).toEqual({ keys: [] })
  })

  it('reads a body of exactly 1 MiB', async () => {
    const body = JSON.stringify('x'.repeat(1_048_574))
    const value = await fetchAnswered((_, response) => response.end(body))
    expect(value).toHaveLength(1_048_574)
  })

  it.each([201, 204, 206, 400, 401, 404, 429, 500, 503])(
    'refuses the status %d',
    async (status) => {
      const fetching = fetchAnswered((_, response) =>
        response.writeHead(status).end(status === 204 ? undefined : document),
      )
      await expect(fetching).rejects.toThrow(`answered with status ${String(status)}`)
    },
  )

  const texts = ['<!doctype html><title>Sign in</title>', '', 'null,', "{'keys':[]}", '{"keys":[']

  it.each(texts)('refuses the body %j', async (body) => {
    const fetching = fetchAnswered((_, response) => response.end(body))
    await expect(fetching).rejects.toThrow(/not JSON/)
  })

  it('refuses a body that is not UTF-8', async () => {
    const fetching = fetchAnswered((_, response) => response.end(Buffer.from([0x22, 0xff, 0x22])))
    await expect(fetching).rejects.toThrow()
  })

  it('refuses a body that is missing altogether', async () => {
    const fetching = fetchDocument('https://issuer.example/', {
      fetch: async () => new Response(null),
      timeoutMs: 5_000,
      allowInsecure: false,
    })
    await expect(fetching).rejects.toThrow(/without a body/)
  })

  it('stops reading a body that is too long and closes the connection', async () => {
    const chunk = Buffer.alloc(65_536, 0x20)
    let sent = 0
    let closed: Promise<unknown> | undefined
    const fetching = fetchAnswered((_, response) => {
      closed = once(response, 'close')
      const send = (): void => {
        while (sent < 104_857_600 && response.write(chunk)) sent += chunk.length
      }
      response.on('drain', send)
      send()
    })
    await expect(fetching).rejects.toThrow(/more than 1048576 bytes/)
    await closed
    expect(sent).toBeLessThan(104_857_600)
  })

  it('stops at 10 MiB that were compressed to little', async () => {
    const bomb = gzipSync(Buffer.alloc(10_485_760, 0x20))
    expect(bomb.length).toBeLessThan(20_000)
    const fetching = fetchAnswered((_, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb),
    )
    await expect(fetching).rejects.toThrow(/more than 1048576 bytes/)
  })

  const slow: [string, Answer][] = [
    ['never answers', () => undefined],
    [
      'never begins its body',
      (_, response) => {
        response.writeHead(200).flushHeaders()
      },
    ],
    ['never ends its body', (_, response) => response.writeHead(200).write('{"keys":')],
    [
      'sends its body drop by drop',
      (_, response) => {
        response.writeHead(200)
        const timer = setInterval(() => response.write(' '), 10)
        response.on('close', () => {
          clearInterval(timer)
        })
      },
    ],
  ]

  it.each(slow)('gives up on a server that %s', async (_, answer) => {
    const start = performance.now()
    await expect(fetchAnswered(answer, 150)).rejects.toThrow(/timeout/)
    expect(performance.now() - start).toBeLessThan(8_000)
  })

  it('asks nothing of a URL that is not fetchable', async () => {
    const limits = { fetch: () => expect.unreachable(), timeoutMs: 5_000, allowInsecure: false }
    const fetching = fetchDocument('http://issuer.example/jwks', limits)
    await expect(fetching).rejects.toThrow('http://issuer.example/jwks is not an https URL')
  })

  it('takes a time-out that is not a whole number of milliseconds', async () => {
    const answer: Answer = (_, response) => response.end(document)
    expect(await fetchAnswered(answer, 1.005 * 1_000)).toEqual({ keys: [] })
  })

  it('rejects when the connection breaks', async () => {
    const fetching = fetchAnswered((_, response) => response.destroy())
    await expect(fetching).rejects.toThrow()
  })
})

describe('a redirect', () => {
  function redirectTo(location: string | undefined, status = 302): Answer {
    return (_, response) =>
      response.writeHead(status, location === undefined ? {} : { location }).end()
  }

  it.each([301, 302, 303, 307, 308])(
    'of status %d is followed on its own origin',
    async (status) => {
      server.answer('/moved', (_, response) => response.end(document))
      expect(await fetchAnswered(redirectTo('/moved', status))).toEqual({ keys: [] })
    },
  )

  it('to another origin is refused without asking there', async () => {
    const fetching = fetchAnswered(redirectTo(`${other.issuer}/jwks`))
    await expect(fetching).rejects.toThrow(/another origin/)
    expect(other.requests.size).toBe(0)
  })

  it.each([
    ['another scheme', 'http://issuer.example/jwks'],
    ['another port', 'https://issuer.example:8443/jwks'],
    ['another host', '//evil.example/jwks'],
    ['a host that begins alike', 'https://issuer.example.evil.example/jwks'],
    ['credentials on another host', 'https://issuer.example@evil.example/jwks'],
    ['a file', 'file:///etc/passwd'],
    ['data', 'data:application/json,{"keys":[]}'],
  ])('to %s is refused', async (_, location) => {
    const asked: string[] = []
    const redirecting: Fetch = async (url) => {
      asked.push(url)
      return new Response(null, { status: 302, headers: { location } })
    }
    const limits = { fetch: redirecting, timeoutMs: 5_000, allowInsecure: true }
    await expect(fetchDocument('https://issuer.example/', limits)).rejects.toThrow(/another origin/)
    expect(asked).toEqual(['https://issuer.example/'])
  })

  it.each([
    ['to itself', '/document'],
    ['to nowhere', undefined],
  ])('%s comes to an end', async (_, location) => {
    const before = server.requests.get('/document') ?? 0
    await expect(fetchAnswered(redirectTo(location))).rejects.toThrow(/redirects too often/)
    expect(server.requests.get('/document')! - before).toBe(4)
  })
})

describe('isFetchable', () => {
  const urls: [string, boolean, boolean][] = [
    ['https://issuer.example/', true, true],
    ['https://127.0.0.1/', true, true],
    ['HTTPS://issuer.example/', true, true],
    ['http://127.0.0.1:9400/jwks', true, true],
    ['http://127.8.9.10/', true, true],
    ['http://[::1]:9400/', true, true],
    ['http://localhost:9400/', true, true],
    ['http://issuer.example/', false, true],
    ['http://10.0.0.1/', false, true],
    ['http://0.0.0.0/', false, true],
    ['http://127.0.0.1.evil.example/', false, true],
    ['http://localhost.evil.example/', false, true],
    ['http://127.0.0.1@evil.example/', false, false],
    ['https://user:secret@issuer.example/', false, false],
    ['https://user@issuer.example/', false, false],
    ['file:///etc/passwd', false, false],
    ['ftp://127.0.0.1/', false, false],
    ['data:application/json,{}', false, false],
    ['issuer.example', false, false],
    ['/jwks', false, false],
    ['', false, false],
  ]

  it.each(urls)('%s: %s, with allowInsecure %s', (url, strict, insecure) => {
    expect(isFetchable(url, false)).toBe(strict)
    expect(isFetchable(url, true)).toBe(insecure)
  })
})
