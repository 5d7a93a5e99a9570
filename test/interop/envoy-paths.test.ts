/**
 * What Scopegate decides on is what the upstream gets: every path that passes, with a token that is good for all of
 * `/me/**`, is the one in Scopegate's log, octet by octet.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allowUnderscores, noNormalisation } from '../support/envoy.js'
import type { Replacement } from '../support/shipped-file.js'
import { startEnvoyStack, type EnvoyStack } from '../support/envoy-stack.js'
import { rawRequest, sendRaw } from '../support/raw-http.js'
import { sendHeaderBlock } from '../support/raw-http2.js'

const rests = [
  ...[
    'a',
    'a!',
    'a%20b',
    'a%2fb',
    'a%2Fb',
    'a;b',
    '\xff',
    'a\xff',
    '\xc3\xa9',
    '%ff',
    '%c3%a9',
    '%C3%A9',
  ],
  ...[
    '..',
    '%2e%2e',
    '.',
    'a/..',
    'a//b',
    '//',
    'a\\b',
    'a%5cb',
    "a'b",
    'a|b',
    'a^b',
    'a[b]',
    'a{b}',
  ],
  ...[
    '~',
    '%7e',
    'a+b',
    'a:b',
    'a@b',
    'a,b',
    'a"b',
    'a<b>',
    'a`b',
    'a%25',
    'a%',
    'a%00',
    'a.',
    'a ',
    '*',
  ],
  ...[
    'a%41',
    'a$&()=b',
    'a%21',
    '\xed\xa0\x80',
    '\xf0\x9f\x92\xa5',
    '%f0%9f%92%a5',
    'a/',
    'a%09',
    'A',
  ],
]
const raw: Replacement = ['encode_raw_headers: true', 'encode_raw_headers: false']

describe.each<readonly [string, readonly Replacement[]]>([
  ['the shipped file', []],
  ['a file without any normalisation', [allowUnderscores, ...noNormalisation]],
  ['a file without normalisation and raw headers', [...noNormalisation, raw]],
])('a path that passes %s', (_, replace) => {
  let stack: EnvoyStack
  beforeAll(async () => {
    stack = await startEnvoyStack({ replace, config: { log: { allowSampleEvery: 1 } } })
  })
  afterAll(async () => {
    await stack.close()
  })

  async function send(protocol: string, path: string, authorization: string): Promise<void> {
    if (protocol === 'HTTP/1.1') {
      const bearer = `authorization: ${authorization}`
      await sendRaw(stack.envoy.port, rawRequest(`GET ${path} HTTP/1.1`, 'host: api', bearer))
    } else {
      await sendHeaderBlock(stack.envoy.port, [
        ...([
          [':method', 'GET'],
          [':scheme', 'http'],
          [':authority', 'api'],
          [':path', path],
        ] as const),
        ['authorization', authorization],
      ])
    }
  }

  it.each(['HTTP/1.1', 'HTTP/2'])('is the one that was decided on, over %s', async (protocol) => {
    const authorization = `Bearer ${await stack.issuer.token()}`
    const passed: string[] = []
    const differences: string[] = []
    for (const path of rests.map((rest) => `/me/${rest}`)) {
      stack.upstream.reached.splice(0)
      await send(protocol, path, authorization)
      const reached = stack.upstream.reached.filter((what) => what !== 'a connection')
      if (reached.length === 0) continue
      passed.push(path)
      const decided = String(stack.gate.log.at(-1)?.['path'])
      if (reached.join() !== `GET ${decided}`) {
        differences.push(`${path}: decided on ${decided}, reached as ${reached.join()}`)
      }
    }
    expect(differences).toEqual([])
    expect(passed).toEqual(expect.arrayContaining(['/me/a', "/me/a'b", '/me/%C3%A9']))
  })
})
