/** What is known of an issuer that is asked, over a change of the configuration that does not touch it, and over one that does. */
import { describe, expect, it } from 'vitest'
import { sendJson } from '../../support/authorization-server.js'
import {
  askingTheEndpoint,
  endpoint,
  gate,
  issuer,
  reasonOf,
  setUp,
  startWith,
  type Settings,
} from '../../support/introspection-world.js'
import { testConfig } from '../../support/test-gate.js'

setUp()

/** The configuration with this introspection and another limit, which concerns no issuer. */
function config(introspection: Settings, maxTokenBytes: number): Settings {
  return testConfig(issuer, {
    issuers: [
      {
        id: 'main',
        issuer: issuer.issuer,
        introspection: askingTheEndpoint({
          cacheSeconds: 0,
          negativeCacheSeconds: 0,
          ...introspection,
        }),
      },
    ],
    limits: { maxTokenBytes },
  })
}

/** Opens the circuit by faults of five tokens, after which the endpoint is well again. */
async function openTheCircuit(): Promise<void> {
  endpoint.answer = (response) => response.writeHead(503).end()
  for (const token of ['a', 'b', 'c', 'd', 'e']) {
    expect(await reasonOf(token)).toBe('introspection_unavailable')
  }
  endpoint.answer = (response) => {
    sendJson(response, endpoint.members)
  }
}

describe('a changed configuration', () => {
  it('that does not touch the issuer leaves its circuit open, and says why as before', async () => {
    await startWith(config({}, 8_000))
    await openTheCircuit()
    const before = (await gate!.readyz()).body.components
    expect(JSON.stringify(before)).toContain('suspended')
    expect(await gate!.reconfigure(config({}, 7_000))).toBe(true)
    expect(await reasonOf('good')).toBe('introspection_unavailable')
    expect(endpoint.asked).toHaveLength(5)
    expect((await gate!.readyz()).body.components).toEqual(before)
  })

  it('that asks in another way begins with a closed one', async () => {
    await startWith(config({}, 8_000))
    await openTheCircuit()
    expect(await gate!.reconfigure(config({ timeoutSeconds: 1.5 }, 8_000))).toBe(true)
    expect(await reasonOf('good')).toBe('none')
    expect(endpoint.asked).toHaveLength(6)
  })

  it('does not make known tokens new, nor lets more new ones through', async () => {
    endpoint.answer = (response, { form }) => {
      sendJson(response, form.get('token') === 'good' ? endpoint.members : { active: false })
    }
    // One at once, and the next one a second later: what is left of the budget shows.
    await startWith(config({ maxNewTokensPerSecond: 1 }, 8_000))
    expect(await reasonOf('good')).toBe('none')
    const flood = async (): Promise<unknown[]> =>
      await Promise.all(Array.from({ length: 40 }, (_, i) => reasonOf(`bad-${String(i)}`)))
    await flood()
    expect(await gate!.reconfigure(config({ maxNewTokensPerSecond: 1 }, 7_000))).toBe(true)
    await flood()
    expect(await reasonOf('good')).toBe('none')
  })
})
