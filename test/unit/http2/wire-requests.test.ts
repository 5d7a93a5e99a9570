/** Requests that are malformed (RFC 9113 section 8): each is reset, nothing of it reaches the door, and the connection lives. */
import { describe, expect, it } from 'vitest'
import {
  checkBlock,
  checkMessage,
  checkPath,
  data,
  flag,
  pseudoFields,
  request,
} from '../../support/http2-frames.js'
import type { HeaderBlock } from '../../support/raw-http2.js'
import { expectAllowed, expectServed, useWireDoor } from '../../support/wire-door.js'

const door = useWireDoor()
type Field = readonly [name: string, value: string]

function without(name: string): HeaderBlock {
  return checkBlock.filter(([one]) => one !== name)
}

function instead(name: string, value: string): HeaderBlock {
  return checkBlock.map((field) => (field[0] === name ? [name, value] : field))
}

const malformed: readonly (readonly [name: string, block: HeaderBlock])[] = [
  ['8.3: no fields at all', []],
  ['8.3: regular fields alone', checkBlock.slice(pseudoFields.length)],
  ['8.3: an unknown pseudo-header field', [...pseudoFields, [':unknown', 'x']]],
  ['8.3: a pseudo-header field without a name', [...pseudoFields, [':', 'x']]],
  ['8.3: the :status of an answer', [...pseudoFields, [':status', '200']]],
  ['8.3: a pseudo-header field after a regular one', [...without(':path'), [':path', checkPath]]],
  ['8.3.1: no :method', without(':method')],
  ['8.3.1: no :scheme', without(':scheme')],
  ['8.3.1: no :path', without(':path')],
  ['8.3.1: an empty :path', instead(':path', '')],
  ...pseudoFields.map((field) => [`8.3: ${field[0]} twice`, [field, ...checkBlock]] as const),
]

const malformedFields: readonly Field[] = [
  ['X-Upper', 'x'],
  ['x-uppeR', 'x'],
  ['Te', 'trailers'],
  ['x name', 'x'],
  ['x\0name', 'x'],
  ['x\r\nname', 'x'],
  ['x-n\xe4me', 'x'],
  ['x-name\x7f', 'x'],
  ['x-name:', 'x'],
  ['x', '\0'],
  ['x', 'a\0b'],
  ['x', 'a\rb'],
  ['x', 'a\nb'],
  ['x', 'a\r\nx-more: b'],
  ['authorization', 'Bearer x\n'],
  ['connection', 'close'],
  ['connection', 'x-hop'],
  ['keep-alive', 'timeout=5'],
  ['proxy-connection', 'keep-alive'],
  ['transfer-encoding', 'chunked'],
  ['upgrade', 'h2c'],
  ['te', 'gzip'],
  ['te', 'trailers, gzip'],
  ['te', ''],
]

describe('a malformed request is reset with PROTOCOL_ERROR:', () => {
  it.each(malformed)('section %s', async (_name, block) => {
    await expectReset(block)
  })

  it.each(malformedFields)('section 8.2: the field %j: %j', async (name, value) => {
    await expectReset([...without('te'), [name, value]])
  })

  it.each<Field>([
    [':path', `${checkPath}\0`],
    [':path', `${checkPath}\r\nx: y`],
    [':method', 'POST\n'],
    [':authority', 'gate\0'],
  ])('section 8.2.1: %s of %j', async (name, value) => {
    await expectReset(instead(name, value))
  })
})

describe('a request is not malformed by', () => {
  it.each<readonly [name: string, block: HeaderBlock]>([
    [
      'pseudo-header fields in another order',
      [...[...pseudoFields].reverse(), ...checkBlock.slice(4)],
    ],
    ['a host in place of :authority', [...without(':authority'), ['host', 'gate']]],
    ['a host beside :authority', [...checkBlock, ['host', 'gate']]],
    ['no te', without('te')],
    ['an empty value', [...checkBlock, ['x', '']]],
    ['any octet of a value but three', [...checkBlock, ['x', 'a\t~\x80\xff']]],
    ['every token character in a name', [...checkBlock, ["x!#$%&'*+-.^_`|~09az", 'x']]],
    [
      'a field many times',
      [...checkBlock, ...Array.from({ length: 50 }, () => ['x', 'y'] as const)],
    ],
    ['cookies in crumbs', [...checkBlock, ['cookie', 'a=b'], ['cookie', 'c=d']]],
    ['another scheme', instead(':scheme', 'https')],
  ])('%s', async (_name, block) => {
    const peer = await door.peer()
    peer.send(request(1, block), data(1, checkMessage, flag.endStream))
    await expectAllowed(peer, 1)
  })
})

async function expectReset(block: HeaderBlock): Promise<void> {
  const peer = await door.peer()
  peer.send(request(1, block), data(1, checkMessage, flag.endStream))
  expect(await peer.resetOf(1)).toBe('PROTOCOL_ERROR')
  await expectServed(peer, 3)
  expect(door.asked).toBe(1)
}
