/** Attacks on the scope claim: white space, parts of names, shapes, and quantity (RFC 6749 section 3.3, standards 77). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startAttackWorld, type AttackWorld } from '../../support/attack-world.js'
import { expectAllowed, expectRefusal } from '../../support/golden-refusals.js'

let world: AttackWorld
beforeAll(async () => {
  world = await startAttackWorld()
})
afterAll(async () => {
  await world.close()
})

async function presentClaims(changes: Record<string, unknown>) {
  return await world.present(await world.main.token(changes))
}

describe('a scope claim that does not grant read:users', () => {
  const claims: [string, unknown][] = [
    ['missing', undefined],
    ['empty', ''],
    ['null', null],
    ['a number', 42],
    ['true', true],
    ['an object with the name', { 'read:users': true }],
    ['a list in a list', [['read:users']]],
    ['a list with both names in one item', ['read:users write:users']],
    ['a tab between the names', 'read:users\twrite:users'],
    ['a tab behind the name', 'read:users\t'],
    ['a newline between the names', 'write:users\nread:users'],
    ['a carriage return', 'write:users\rread:users'],
    ['a no-break space between the names', 'write:users\u00a0read:users'],
    ['a line separator between the names', 'write:users\u2028read:users'],
    ['a zero-width space in front', '\u200bread:users'],
    ['a NUL behind', 'read:users\0'],
    ['a comma between the names', 'write:users,read:users'],
    ['a plus between the names', 'write:users+read:users'],
    ['an encoded space', 'write:users%20read:users'],
    ['quotes around the name', '"read:users"'],
    ['a longer name', 'read:users:all'],
    ['a name that ends so', 'not-read:users'],
    ['a shorter name', 'read:user'],
    ['a part of the name', 'read'],
    ['another case', 'READ:USERS'],
    ['the first letter in upper case', 'Read:users'],
    ['a wildcard', '*'],
    ['a wildcard behind a prefix', 'read:*'],
    ['a fullwidth colon', 'read：users'],
    ['a Cyrillic letter that looks alike', 'reаd:users'],
  ]

  it.each(claims)('%s is insufficient', async (_, scope) => {
    expectRefusal(await presentClaims({ scope }), 'insufficient_scope')
  })

  it('is not helped by roles, permissions or a claim of another name', async () => {
    const elsewhere = { roles: ['read:users'], permissions: ['read:users'], scopes: 'read:users' }
    expectRefusal(await presentClaims({ scope: 'x', ...elsewhere }), 'insufficient_scope')
  })
})

describe('a scope claim that grants read:users', () => {
  const claims: [string, Record<string, unknown>][] = [
    ['alone', { scope: 'read:users' }],
    ['last', { scope: 'a b read:users' }],
    ['twice', { scope: 'read:users read:users' }],
    ['with more spaces than needed', { scope: '  a   read:users  ' }],
    ['in a list', { scope: ['a', 'read:users'] }],
    ['beside values that are no names', { scope: [1, null, 'read:users', {}] }],
    ['in scp as a string', { scope: undefined, scp: 'a read:users' }],
    ['in scp as a list', { scope: undefined, scp: ['a', 'read:users'] }],
    ['in scp beside another scope', { scope: 'a', scp: ['read:users'] }],
  ]

  it.each(claims)('is accepted %s', async (_, changes) => {
    expectAllowed(await presentClaims(changes))
  })
})

describe('10,000 scopes', () => {
  // 10,000 names in a token that still has less than 64 KiB: at most three characters each.
  const names = Array.from({ length: 10_000 }, (_, index) => (index + 1_296).toString(36))

  async function msFor(scope: string): Promise<number> {
    const token = await world.main.token({ scope })
    expect(token.length).toBeLessThan(65_536)
    const start = performance.now()
    expectAllowed(await world.present(token))
    return performance.now() - start
  }

  it('are read in time that does not grow faster than their number', async () => {
    await msFor('read:users')
    const small = await msFor(`${names.slice(0, 1_000).join(' ')} read:users`)
    const large = await msFor(`${names.join(' ')} read:users`)
    // Ten times the names: quadratic work would cost a hundred times as much. 200 ms is for a machine that is busy.
    expect(large).toBeLessThan(small * 30 + 200)
  })

  it('that all fail are refused', async () => {
    expectRefusal(await presentClaims({ scope: names.join(' ') }), 'insufficient_scope')
  })
})
