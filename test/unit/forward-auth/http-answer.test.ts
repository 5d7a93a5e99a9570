/** An answer that is written once has nothing in it that HTTP does not allow, and its length is that of its octets. */
import { describe, expect, it } from 'vitest'
import { prepareAnswer } from '../../../src/forward-auth/http-answer.js'

describe('a header that HTTP does not allow', () => {
  it.each([
    ['x-name', 'a\r\nset-cookie: b'],
    ['x-name', 'a\nb'],
    ['x-name', 'a\0b'],
    ['x-name', '\u20ac'],
    ['x name', 'a'],
    ['x-name:', 'a'],
    ['', 'a'],
  ])('%j: %j is no part of an answer', (name, value) => {
    expect(() => prepareAnswer(200, [{ name, value }], '')).toThrow(/header/i)
  })
})

describe('a prepared answer', () => {
  it('ends where the id of its decision is put in', () => {
    const { head, fields } = prepareAnswer(200, [{ name: 'x-name', value: 'caf\u00e9' }], '')
    expect(head).toBe(
      'HTTP/1.1 200 OK\r\nx-name: caf\u00e9\r\ncontent-length: 0\r\nx-scopegate-decision-id: ',
    )
    expect(fields).toEqual(
      ...[['x-name', 'caf\u00e9', 'content-length', '0', 'x-scopegate-decision-id', '']],
    )
  })

  it('has the octets of its body, and their number', () => {
    const { head, body } = prepareAnswer(403, [], '\u20ac')
    expect(head).toContain('content-length: 3\r\n')
    expect(Buffer.from(body, 'latin1').toString()).toBe('\u20ac')
  })
})
