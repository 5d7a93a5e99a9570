import { describe, expect, it } from 'vitest'
import { canonicalHost } from '../../../src/policy/index.js'

describe('canonicalHost', () => {
  it.each([
    ['api.example.com', 'api.example.com'],
    ['API.Example.COM', 'api.example.com'],
    ['api.example.com:443', 'api.example.com'],
    ['api.example.com:0', 'api.example.com'],
    ['api.example.com.', 'api.example.com'],
    ['API.example.com.:8443', 'api.example.com'],
    ['localhost', 'localhost'],
    ['a', 'a'],
    ['127.0.0.1:50051', '127.0.0.1'],
    ['[::1]', '[::1]'],
    ['[::1]:443', '[::1]'],
    ['[2001:DB8::1]:443', '[2001:db8::1]'],
    ['[::ffff:127.0.0.1]', '[::ffff:127.0.0.1]'],
    ['my_service.namespace', 'my_service.namespace'],
    ['_dmarc.example.com', '_dmarc.example.com'],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
    ['a--b.example', 'a--b.example'],
  ])('of %j is %j', (authority, host) => {
    expect(canonicalHost(authority)).toBe(host)
  })

  it.each([
    '',
    '.',
    ':443',
    'api.example.com:',
    'api.example.com:https',
    'api.example.com:123456',
    'api.example.com:443:443',
    'api..example.com',
    '.example.com',
    'example.com..',
    '-a.example',
    'a-.example',
    'user@example.com',
    'user:secret@example.com',
    'example.com/path',
    'example.com\\path',
    'example.com?a',
    'example.com#a',
    'http://example.com',
    'example.com,evil.example',
    'example.com evil.example',
    ' example.com',
    'example.com ',
    'example.com\t',
    'example.com\n',
    'example.com\0',
    'example.com%00',
    'ex%61mple.com',
    '*.example.com',
    'bücher.example',
    'example。com',
    '::1',
    '[::1',
    '::1]',
    '[]',
    '[example.com]',
    '[',
    '[a b\r\n/c',
    '[fe80::1%25eth0]',
    'a'.repeat(300),
  ])('of %j is none', (authority) => {
    expect(canonicalHost(authority)).toBeUndefined()
  })

  it('is none of letters that only become ASCII in lower case', () => {
    expect(canonicalHost('\u212aube.example')).toBeUndefined() // KELVIN SIGN becomes k
  })

  it.each(['[::1].', '[::1].:443'])('is none of %j: only a name can end in a dot', (authority) => {
    expect(canonicalHost(authority)).toBeUndefined()
  })

  it.each(['[....]', '[::::::]', '[1:2]', '[1.2.3.4]'])(
    'is none of %j, which is no IPv6',
    (host) => {
      expect(canonicalHost(host)).toBeUndefined()
    },
  )
})
