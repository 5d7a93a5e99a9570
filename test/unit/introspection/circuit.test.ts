/** The circuit through a whole gate: what opens it, what does not, and what it never makes of a token. */
import { describe, expect, it } from 'vitest'
import { sendJson, testAudience } from '../../support/authorization-server.js'
import {
  endpoint,
  gate,
  issuer,
  reasonOf,
  setUp,
  start,
} from '../../support/introspection-world.js'

setUp()

const always = { cacheSeconds: 0, negativeCacheSeconds: 0 }

/** An endpoint that knows the token `good`, and no other, unless it is in trouble. */
function answerByToken(): { isInTrouble: boolean } {
  const world = { isInTrouble: false }
  endpoint.answer = (response, { form }) => {
    if (world.isInTrouble) response.writeHead(503).end()
    else sendJson(response, form.get('token') === 'good' ? endpoint.members : { active: false })
  }
  return world
}

/** A route for opaque tokens where JWTs have to be asked about, too. */
function asOpaqueToo(): Record<string, unknown> {
  const route = { access: 'authenticated' }
  return {
    resources: [
      {
        id: 'users-api',
        audiences: [testAudience],
        routes: [
          { id: 'read', path: '/read', ...route },
          { id: 'opaque', path: '/opaque', ...route, tokenCheck: 'introspection' },
        ],
      },
    ],
  }
}

async function circuitMetric(): Promise<string | undefined> {
  return /^scopegate_introspection_circuit\{issuer="main"\} (\d)$/m.exec(await gate!.metrics())?.[1]
}

describe('the circuit', () => {
  it('is not opened by garbage tokens, which are answered', async () => {
    answerByToken()
    await start(always)
    for (let i = 0; i < 30; i++) {
      expect(await reasonOf(`garbage-${String(i)}`)).toBe('inactive_token')
    }
    expect(endpoint.asked).toHaveLength(30)
    expect(await circuitMetric()).toBe('0')
    expect(await reasonOf('good')).toBe('none')
    expect(gate!.log.filter(({ msg }) => String(msg).includes('suspended'))).toEqual([])
  })

  it('is not opened by answers that our rules refuse', async () => {
    endpoint.members = { ...endpoint.members, iss: 'https://other.example' }
    await start(always)
    for (let i = 0; i < 10; i++) expect(await reasonOf(`token-${String(i)}`)).toBe('unknown_issuer')
    expect(endpoint.asked).toHaveLength(10)
    expect(await circuitMetric()).toBe('0')
  })

  it('is not opened by four faults, an answer about a garbage token, and four more', async () => {
    const world = answerByToken()
    await start(always)
    for (let round = 0; round < 3; round++) {
      world.isInTrouble = true
      for (let i = 0; i < 4; i++) expect(await reasonOf('good')).toBe('introspection_unavailable')
      world.isInTrouble = false
      expect(await reasonOf('garbage')).toBe('inactive_token')
    }
    expect(endpoint.asked).toHaveLength(15)
    expect(await reasonOf('good')).toBe('none')
  })

  it('lets no question out while it is open, and has no verdict on any token', async () => {
    const world = answerByToken()
    await start({ ...always, cacheSeconds: 300 })
    expect(await reasonOf('good')).toBe('none')
    world.isInTrouble = true
    for (let i = 0; i < 5; i++) {
      expect(await reasonOf(`token-${String(i)}`)).toBe('introspection_unavailable')
    }
    world.isInTrouble = false
    const crowd = Array.from({ length: 50 }, async (_, i) => await reasonOf(`more-${String(i)}`))
    expect(new Set(await Promise.all(crowd))).toEqual(new Set(['introspection_unavailable']))
    expect(endpoint.asked).toHaveLength(6)
    expect(await reasonOf('good')).toBe('none') // An answer that still counts.
    expect(await circuitMetric()).toBe('2')
    expect(gate!.log.filter(({ msg }) => msg === 'introspection is suspended')).toHaveLength(1)
  })

  it('is opened by questions that cannot go out', async () => {
    await start({ ...always, clientSecretFile: '/nowhere/secret' })
    for (let i = 0; i < 7; i++) {
      expect(await reasonOf(`token-${String(i)}`)).toBe('introspection_unavailable')
    }
    expect(endpoint.asked).toHaveLength(0)
    expect(await circuitMetric()).toBe('2')
  })

  it('is not opened for known tokens by new ones that the endpoint cannot cope with', async () => {
    endpoint.answer = (response, { form }) => {
      if (form.get('token')?.startsWith('crash') === true) response.writeHead(500).end()
      else sendJson(response, endpoint.members)
    }
    await start(always, { tokenCheck: 'both' }, asOpaqueToo())
    expect(await reasonOf('good', '/opaque')).toBe('none')
    for (let i = 0; i < 8; i++) {
      expect(await reasonOf(`crash-${String(i)}`, '/opaque')).toBe('introspection_unavailable')
    }
    expect(endpoint.asked).toHaveLength(6) // Five, and new tokens are asked about no more.
    expect(await reasonOf('new', '/opaque')).toBe('introspection_unavailable')
    expect(await circuitMetric()).toBe('2')
    expect(await reasonOf(await issuer.token())).toBe('none') // Its key has spoken for it.
    expect(await circuitMetric()).toBe('0')
    for (let i = 0; i < 8; i++) await reasonOf(`crash-${String(i)}`, '/opaque')
    expect(await reasonOf('good', '/opaque')).toBe('none')
    const lines = gate!.log.filter(({ msg }) => msg === 'introspection is suspended')
    expect(lines.map(({ tokens }) => tokens)).toEqual(['new', 'new'])
  })

  it('is opened for all by known tokens, and then lets no new one out either', async () => {
    const world = { isInTrouble: false }
    endpoint.answer = (response) => {
      if (world.isInTrouble) response.writeHead(503).end()
      else sendJson(response, endpoint.members)
    }
    await start(always)
    const known = Array.from({ length: 5 }, (_, i) => `known-${String(i)}`)
    for (const token of known) expect(await reasonOf(token)).toBe('none')
    world.isInTrouble = true
    for (const token of known) expect(await reasonOf(token)).toBe('introspection_unavailable')
    world.isInTrouble = false
    for (const token of [...known, 'new']) {
      expect(await reasonOf(token)).toBe('introspection_unavailable')
    }
    expect(endpoint.asked).toHaveLength(10)
    const lines = gate!.log.filter(({ msg }) => msg === 'introspection is suspended')
    expect(lines.map(({ tokens }) => tokens)).toEqual(['all'])
  })

  it('is not opened by one token alone, known or new, which rests by itself', async () => {
    endpoint.answer = (response, { form }) => {
      if (form.get('token') === 'odd') response.writeHead(500).end()
      else sendJson(response, endpoint.members)
    }
    await start(always)
    for (let i = 0; i < 9; i++) expect(await reasonOf('odd')).toBe('introspection_unavailable')
    expect(endpoint.asked).toHaveLength(5)
    expect(await circuitMetric()).toBe('0')
    expect(await reasonOf('good')).toBe('none')
  })

  it('is opened by answers that are not signed as they must be', async () => {
    await start({ ...always, signedResponses: 'require' })
    for (let i = 0; i < 9; i++) expect(await reasonOf('good')).toBe('introspection_unavailable')
    expect(endpoint.asked).toHaveLength(5)
  })

  it('that is open keeps no JWT out that only its signature speaks for, and every other one', async () => {
    answerByToken().isInTrouble = true
    await start(always)
    for (let i = 0; i < 5; i++) await reasonOf('good')
    expect(await reasonOf(await issuer.token())).toBe('none')
    await gate!.close()
    await start(always, { tokenCheck: 'both' })
    const token = await issuer.token()
    for (let i = 0; i < 7; i++) expect(await reasonOf(token)).toBe('introspection_unavailable')
    expect(endpoint.asked).toHaveLength(10)
    expect(await reasonOf(await issuer.token({ exp: 1 }))).toBe('expired')
  })
})
