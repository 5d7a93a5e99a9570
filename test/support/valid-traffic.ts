/**
 * Good requests one after the other, each with a token that was never seen, and a list of those that were not allowed.
 * A breath lies between two of them: without it the test would take a core from the gate that it looks at.
 */
import { setTimeout as breath } from 'node:timers/promises'
import type { TestAuthorizationServer, TestKey } from './authorization-server.js'
import type { TestGate } from './test-gate.js'

const breathMs = 10

export interface ValidTraffic {
  /** Resolves after so many more requests of each issuer. */
  more(count: number): Promise<void>
  /** Ends it. The refusals, as `issuer: reason`; empty when all is well. */
  end(): Promise<readonly string[]>
}

/** Starts asking for `/read` in the name of each issuer, with the key that it has now. */
export function startValidTraffic(
  gate: TestGate,
  issuers: readonly TestAuthorizationServer[],
): ValidTraffic {
  const refusals: string[] = []
  let isOver = false
  let asked = 0

  async function ask(issuer: TestAuthorizationServer, key: TestKey): Promise<void> {
    while (!isOver) {
      const token = await issuer.sign(JSON.stringify(issuer.claims()), {}, key)
      const headers = { authorization: `Bearer ${token}` }
      const answer = await gate.client.check({ path: '/read', headers })
      asked += 1
      if (answer.kind !== 'ok') {
        refusals.push(`${issuer.issuer}: ${String(answer.metadata['reason'])}`)
      }
      await breath(breathMs)
    }
  }
  const asking = issuers.map(async (issuer) => {
    await ask(issuer, issuer.keys[0]!)
  })
  return {
    async more(count) {
      const enough = asked + count * issuers.length
      while (asked < enough) await breath(breathMs)
    },
    async end() {
      isOver = true
      await Promise.all(asking)
      return refusals
    },
  }
}
