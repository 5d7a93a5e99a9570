/** Routes that a proxy selects by name, through context extensions that a client cannot reach. */
import { describe, expect, it } from 'vitest'
import { compilePolicy, parseRoutePattern, type Route } from '../../../src/policy/index.js'
import { createResource, createRoute } from '../../support/policy.js'

function entry(route: Route, path: string, hosts: readonly string[] = [], methods = ['GET']) {
  const parsed = parseRoutePattern(path)
  if (parsed.kind === 'problem') throw new Error(parsed.message)
  return { hosts, methods, pattern: parsed.pattern, route }
}

const users = createResource({ id: 'users' })
const orders = createResource({ id: 'orders' })
const usersRead = createRoute({ id: 'read', resource: users })
const usersList = createRoute({ id: 'list', resource: users })
const ordersRead = createRoute({ id: 'read', resource: orders })

const { policy, conflicts } = compilePolicy([
  entry(usersRead, '/read', ['users.example']),
  entry(usersList, '/list', ['users.example']),
  entry(ordersRead, '/read', ['orders.example']),
])

describe('match', () => {
  it('finds the route of the host', () => {
    expect(conflicts).toEqual([])
    expect(policy.match('GET', 'users.example', '/read')).toBe(usersRead)
    expect(policy.match('GET', 'orders.example', '/read')).toBe(ordersRead)
    expect(policy.match('GET', 'other.example', '/read')).toBeUndefined()
  })
})

describe('select', () => {
  it('takes a route that is named with its resource, whatever the request is', () => {
    const selection = { resource: 'orders', route: 'read' }
    expect(policy.select(selection, 'DELETE', '/anything')).toBe(ordersRead)
  })

  it('takes a route by its id alone where only one has it', () => {
    expect(policy.select({ resource: undefined, route: 'list' }, 'GET', '/x')).toBe(usersList)
  })

  it('limits the match to the routes of a resource, on any host', () => {
    const selection = { resource: 'orders', route: undefined }
    expect(policy.select(selection, 'GET', '/read')).toBe(ordersRead)
    expect(policy.select(selection, 'GET', '/list')).toBeUndefined()
    expect(policy.select(selection, 'POST', '/read')).toBeUndefined()
  })

  it.each([
    ['an id that two routes have', { resource: undefined, route: 'read' }],
    ['an unknown route', { resource: undefined, route: 'write' }],
    ['an unknown route of a resource', { resource: 'orders', route: 'list' }],
    ['an unknown resource', { resource: 'nobody', route: undefined }],
    ['an unknown resource of a known route', { resource: 'nobody', route: 'list' }],
    ['empty names', { resource: '', route: '' }],
    ['a name of every object', { resource: '__proto__', route: 'constructor' }],
    ['no name at all', { resource: undefined, route: undefined }],
  ])('selects nothing by %s', (_, selection) => {
    expect(policy.select(selection, 'GET', '/read')).toBeUndefined()
  })
})

describe('routes', () => {
  it('are all there, in the order of the configuration', () => {
    expect(policy.routes).toEqual([usersRead, usersList, ordersRead])
  })
})
