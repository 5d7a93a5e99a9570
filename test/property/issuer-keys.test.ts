/**
 * Keys of one issuer never verify a token that says another (RFC 8725 section 3.8), although all of them name their keys
 * alike, and two of them publish the very same document.
 */
import fc from 'fast-check'
import { beforeAll, expect, it } from 'vitest'
import { KeySets, type IssuerKeyOptions } from '../../src/jwks/index.js'
import { createJwtVerifier, type IssuerTemplate } from '../../src/token/index.js'
import { startTestAuthorizationServer, type TestKey } from '../support/authorization-server.js'
import { createFakeClock } from '../support/fake-clock.js'
import { inProcessClaims } from '../support/in-process-check.js'
import { jwksResponse } from '../support/key-set-world.js'
import { createNamedKey } from '../support/named-key.js'
import { networkOnly } from '../support/network-only.js'

/** Whose document is whose; `c` and `d` share one. */
const documents = { a: 'a', b: 'b', c: 'shared', d: 'shared', t: 't' } as const
type Name = keyof typeof documents
const names = Object.keys(documents) as Name[]
const issuerOf = (name: Name): string => `https://${name}.example/${name === 't' ? 'acme' : ''}`
const template: IssuerTemplate = {
  prefix: 'https://t.example/',
  suffix: '',
  tenantForm: /^[A-Za-z0-9_-]+$/,
  boundClaim: ({ tid }) => tid,
  allowedTenants: undefined,
}

const keys = {} as Record<(typeof documents)[Name], TestKey>
beforeAll(async () => {
  for (const document of new Set(Object.values(documents))) {
    keys[document] = await createNamedKey('same')
  }
})

it('holds for every signer, every issuer that a token says and every kid', async () => {
  const clock = createFakeClock()
  const options = names.map((name): IssuerKeyOptions => ({
    id: name,
    issuer: issuerOf(name),
    source: { kind: 'jwksUri', jwksUri: `https://keys.example/${documents[name]}` },
    refreshMs: 300_000,
    maxStaleMs: 86_400_000,
    cooldownMs: 10_000,
    timeoutMs: 5_000,
    allowInsecure: false,
  }))
  const keySets = new KeySets(options, {
    clock,
    random: () => 0,
    access: networkOnly(clock, async (url) =>
      jwksResponse([keys[new URL(url).pathname.slice(1) as never]]),
    ),
    observer: { refreshed: () => undefined, snapshot: () => undefined },
  })
  const verifyJwt = createJwtVerifier({
    issuers: names.map((name) => ({
      id: name,
      issuer: name === 't' ? 'https://t.example/{tenant}' : issuerOf(name),
      algorithms: new Set(['ES256']),
      tokenTypes: ['at+jwt'],
      clockToleranceMs: 0,
      ...(name === 't' ? { template } : {}),
    })),
    findKeys: (id, kid, algorithm) => keySets.find(id, kid, algorithm),
    findOtherKeys: (id, kid, algorithm, tried) => keySets.findOthers(id, kid, algorithm, tried),
    neededClaims: [],
    wallMs: clock.wallMs,
  })
  const signer = await startTestAuthorizationServer()
  const property = fc.asyncProperty(
    fc.constantFrom(...names),
    fc.constantFrom(...names),
    fc.constantFrom('same', undefined),
    fc.nat({ max: 20_000 }),
    async (said, signed, kid, laterMs) => {
      clock.advance(laterMs)
      const claims = inProcessClaims(clock, { iss: issuerOf(said), tid: 'acme' })
      const key = keys[documents[signed]]
      const token = await signer.sign(JSON.stringify(claims), { kid }, key)
      const { authentication } = await verifyJwt(token, () => true)
      if (documents[said] === documents[signed]) {
        expect(authentication).toMatchObject({ kind: 'verified', token: { issuerId: said } })
      } else {
        expect(authentication).toMatchObject({ kind: 'rejected', reason: 'bad_signature' })
      }
    },
  )
  await fc.assert(property, { numRuns: 200 })
  keySets.stop()
  await signer.close()
})
