/** Names in every shape in which identity providers write them (RFC 9068 section 2.2.3.1, RFC 7643 section 2.4). */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { namesAt, unmetRequirement, type ClaimShape } from '../../../src/policy/index.js'

function read(shape: ClaimShape, value: unknown, prefix = '') {
  const names = namesAt({ at: value }, [{ pointer: ['at'], shape, prefix }])
  return { names: [...names.names], isComplete: names.mayHave === undefined }
}

describe('namesAt', () => {
  const complete: [ClaimShape, unknown, string[]][] = [
    ['auto', 'a  b', ['a', 'b']],
    ['auto', ['a', 'b c', ''], ['a', 'b c']],
    ['auto', null, []],
    ['string', 'org owner', ['org owner']],
    ['string', '', []],
    ['array', ['a', 'b'], ['a', 'b']],
    ['array', [], []],
    ['objectKeys', { admin: { org: 'x' }, dev: false }, ['admin', 'dev']],
    ['objectKeys', {}, []],
    ['scim', [{ value: 'a', display: 'b' }, 'c'], ['a', 'c']],
  ]
  it.each(complete)('reads %s from %j', (shape, value, names) => {
    expect(read(shape, value)).toEqual({ names, isComplete: true })
  })

  const incomplete: [ClaimShape, unknown, string[]][] = [
    ['auto', { a: true }, []],
    ['auto', ['a', 1, ['b']], ['a']],
    ['string', ['a'], []],
    ['array', 'a', []],
    ['objectKeys', ['a'], []],
    ['objectKeys', 'a', []],
    ['scim', { value: 'a' }, []],
    ['scim', [{ display: 'a' }, { value: 1 }, { value: 'b' }], ['b']],
    ['auto', ['a'.repeat(1_025), 'b'], ['b']],
  ]
  it.each(incomplete)(
    'reads what it can of %s from %j, and knows of the rest',
    (shape, value, names) => {
      expect(read(shape, value)).toEqual({ names, isComplete: false })
    },
  )

  it('puts the prefix before each name', () => {
    expect(read('array', ['r', 's'], 'app:').names).toEqual(['app:r', 'app:s'])
  })

  it('collects from every place, a pointer alone being auto', () => {
    const claims = { scope: 'a b', 'urn:x': { c: 1 }, deep: { d: ['e'] } }
    const places = [
      ['scope'],
      { pointer: ['urn:x'], shape: 'objectKeys', prefix: '' } as const,
      ['deep', 'd'],
      ['nowhere'],
    ]
    expect([...namesAt(claims, places).names]).toEqual(['a', 'b', 'c', 'e'])
  })

  it('finds no name that every object has', () => {
    for (const claims of [{ at: {} }, { at: JSON.parse('{"x":{}}') as unknown }]) {
      const places = [
        { pointer: ['at', '__proto__'], shape: 'objectKeys', prefix: '' } as const,
        { pointer: ['at', 'constructor'], shape: 'auto', prefix: '' } as const,
      ]
      expect([...namesAt(claims, places).names]).toEqual([])
    }
    const own = JSON.parse('{"__proto__":1,"r":1}') as unknown
    expect(read('objectKeys', own).names).toEqual(['__proto__', 'r'])
  })

  it('reads no more than it may, and knows that there is more', () => {
    const many = Array.from({ length: 20_000 }, (_, index) => String(index))
    const { names, isComplete } = read('array', many)
    expect(names).toHaveLength(16_384)
    expect(isComplete).toBe(false)
  })

  it('never throws, and names only text', () => {
    const shapes = fc.constantFrom<ClaimShape>('auto', 'string', 'array', 'objectKeys', 'scim')
    fc.assert(
      fc.property(shapes, fc.jsonValue(), (shape, value) => {
        for (const name of read(shape, value).names) expect(typeof name).toBe('string')
      }),
    )
  })
})

describe('a demand for none', () => {
  it.each([
    [{ _claim_names: { groups: 'src1' }, _claim_sources: { src1: { endpoint: 'https://x' } } }],
    [{ hasgroups: true }],
    [{ groups: ['staff'], _claim_names: { groups: 'src1' } }],
  ])('is not met where the token says that the claim is elsewhere: %j', (claims) => {
    const grant = {
      claims,
      groups: namesAt(claims, [['groups']]),
      roles: namesAt(claims, [['roles']]),
    }
    expect(unmetRequirement({ groups: { none: ['blocked'] } }, grant)).toBe('insufficient_role')
    expect(unmetRequirement({ roles: { none: ['blocked'] } }, grant)).toBeUndefined()
  })

  it('is not met where a name could not be read', () => {
    const roles = (value: unknown) => ({ claims: {}, roles: namesAt({ r: value }, [['r']]) })
    const demand = { roles: { none: ['suspended'] } }
    expect(unmetRequirement(demand, roles(['dev']))).toBeUndefined()
    expect(unmetRequirement(demand, roles(undefined))).toBeUndefined()
    expect(unmetRequirement(demand, roles({ suspended: true }))).toBe('insufficient_role')
    expect(unmetRequirement(demand, roles([['suspended']]))).toBe('insufficient_role')
    expect(unmetRequirement({ roles: { none: [{ none: ['dev'] }] } }, roles([1]))).toBe(
      'insufficient_role',
    )
  })
})
