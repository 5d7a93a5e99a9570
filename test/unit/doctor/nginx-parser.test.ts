/** The language of NGINX: what is a word, what is a block, and where something cannot be read. */
import { describe, expect, it } from 'vitest'
import { parseNginx, type Directive } from '../../../src/doctor/nginx-parser.js'

function shape({ name, args, block }: Directive): unknown {
  return block === undefined ? [name, ...args] : [name, ...args, block.map(shape)]
}

function parsed(text: string): unknown {
  return parseNginx(text, 'f').map(shape)
}

describe('parseNginx', () => {
  it.each([
    ['a b  c;', [['a', 'b', 'c']]],
    ['a { b; c { d e; } }', [['a', [['b'], ['c', [['d', 'e']]]]]]],
    ['a "b c;{}#" \'d "e"\';', [['a', 'b c;{}#', 'd "e"']]],
    ['a "b\\"c" d\\ e;', [['a', 'b"c', 'd\\ e']]],
    ['a b#c; # d; {\ne;', [['a', 'b#c'], ['e']]],
    ['a ${b}c "${b}c";', [['a', '$bc', '${b}c']]],
    ['location ~ ^/a\\.(b|c)$ { }', [['location', '~', '^/a\\.(b|c)$', []]]],
    ['a "";', [['a', '']]],
    ['\ufeffa;', [['a']]],
    ['', []],
  ])('reads %j', (text, expected) => {
    expect(parsed(text)).toEqual(expected)
  })

  it.each([
    'content_by_lua_block { if x then y({ "}" }) end }',
    "access_by_lua_block { -- it's }\n a = '}' }",
    'init_by_lua_block { a = [[ }" ]] b = [=[ ]] } ]=] --[[ } \n } ]] }',
    'a_by_lua_block { x = "\\"}" }',
  ])('skips the Lua of %j', (text) => {
    expect(parsed(`${text} after;`)).toEqual([[text.split(' ')[0]], ['after']])
  })

  it('knows the place of every directive', () => {
    const [, server] = parseNginx('a;\n  server {\n\tb;\n}', 'f')
    expect(server?.at).toEqual({ file: 'f', line: 2, column: 3 })
    expect(server?.block?.[0]?.at).toEqual({ file: 'f', line: 3, column: 2 })
  })

  it.each([
    ['a b', 'f:1:1', '"a" does not end with ";"'],
    ['a {\n b c }', 'f:2:2', '"b" does not end with ";"'],
    ['x;\na { b;', 'f:2:3', 'this block is never closed'],
    ['a;\n}', 'f:2:1', 'there is no block to close here'],
    ['a "b;', 'f:1:3', 'this quote is never closed'],
    ['a ${b;', 'f:1:3', 'this quote is never closed'],
    ['a; ;', 'f:1:4', '";" stands where a directive has to'],
    ['a_by_lua_block { "}" ', 'f:1:16', 'this block of Lua is never closed'],
    ['a {'.repeat(200), 'f:1:303', 'blocks are nested too deeply'],
  ])('says where %j cannot be read', (text, place, message) => {
    const [file, line, column] = place.split(':')
    expect(() => parseNginx(text, 'f')).toThrow(
      expect.objectContaining({
        message,
        at: { file, line: Number(line), column: Number(column) },
      }) as Error,
    )
  })
})
