/** A key that only certificates speak for ends with the first of them, whatever the source does then. */
import { createPublicKey } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { KeySets, type IssuerKeyOptions, type KeySource } from '../../../src/jwks/index.js'
import { createCertificateAuthority, createEndCertificate } from '../../support/certificates.js'
import { createFakeClock } from '../../support/fake-clock.js'
import { until } from '../../support/until.js'

const hour = 3_600_000
const authority = createCertificateAuthority('authority') // valid for an hour
const short = createEndCertificate('short', authority)
const long = createEndCertificate('long', authority, { fromHours: -1, toHours: 24 })
const der = (certificate: string): string => certificate.replace(/-----[^-]+-----|\s/g, '')
const x509Map: KeySource = { kind: 'x509Map', url: 'https://main.example/certificates' }
const jwksUri: KeySource = { kind: 'jwksUri', jwksUri: 'https://main.example/jwks' }

async function load(source: KeySource, document: unknown, trustAnchorsFile?: string) {
  const clock = createFakeClock()
  const options: IssuerKeyOptions = {
    ...{ id: 'main', issuer: 'https://main.example', source, trustAnchorsFile },
    ...{ refreshMs: 24 * hour, maxStaleMs: 24 * hour, cooldownMs: 10_000, timeoutMs: 1_000 },
    allowInsecure: false,
  }
  let answer: unknown = document
  let anchors = authority.certificate
  let faults = 0
  const keySets = new KeySets([options], {
    clock,
    random: () => 0,
    access: () => ({
      fetch: async () => {
        if (answer === undefined) throw new Error('down')
        return Response.json(answer)
      },
      readFile: async () => Buffer.from(anchors),
      timeoutMs: 1_000,
      allowInsecure: false,
      wallMs: clock.wallMs,
    }),
    observer: {
      refreshed: (_id, fault) => void (faults += fault === undefined ? 0 : 1),
      snapshot: () => undefined,
    },
  })
  keySets.start()
  await keySets.firstLoads()
  answer = undefined // From here on the source is away.
  const find = async (kid: string) => await keySets.find('main', kid, 'ES256')
  const replaceAnchors = (text: string): void => {
    ;[answer, anchors] = [document, text]
  }
  return { clock, keySets, find, replaceAnchors, faults: () => faults }
}

describe('a key that a certificate speaks for', () => {
  const sources: [string, KeySource, unknown, string?][] = [
    ['a map of certificates', x509Map, { k: short.certificate }],
    ['x5c alone', jwksUri, { keys: [{ kid: 'k', x5c: [der(short.certificate)] }] }],
    ['PEM', { kind: 'pem', pem: short.certificate, kid: 'k' }, undefined],
    [
      'a longer chain, by its authority',
      jwksUri,
      { keys: [{ kid: 'k', x5c: [der(long.certificate), der(authority.certificate)] }] },
      'anchors',
    ],
    ['a trust anchor', jwksUri, { keys: [{ kid: 'k', x5c: [der(long.certificate)] }] }, 'anchors'],
  ]
  it.each(sources)('ends with it: %s', async (_name, source, document, anchors) => {
    const { clock, keySets, find } = await load(source, document, anchors)
    clock.advance(hour / 2)
    const found = await find('k')
    expect(found.kind).toBe('keys')
    clock.advance(hour / 2)
    expect((await find('k')).kind).toBe('unavailable')
    const [state] = keySets.status()
    expect(state?.isBeyondTrust(clock.monotonicMs())).toBe(true)
    // What the cache of tokens asks before it repeats an answer.
    const [key] = found.kind === 'keys' ? found.keys : []
    expect(key?.trustedUntilMs).toBeLessThan(clock.monotonicMs())
  })

  it('ends alone: others of its set are found', async () => {
    const map = { short: short.certificate, long: long.certificate }
    const { clock, find } = await load(x509Map, map)
    clock.advance(hour)
    expect((await find('long')).kind).toBe('keys')
    expect((await find('short')).kind).not.toBe('keys')
  })

  it('does not end with a certificate that it does not need', async () => {
    const jwk = createPublicKey(short.certificate).export({ format: 'jwk' })
    const document = { keys: [{ ...jwk, kid: 'k', x5c: [der(short.certificate)] }] }
    const { clock, find } = await load(jwksUri, document)
    clock.advance(2 * hour)
    expect((await find('k')).kind).toBe('keys')
  })
})

describe('an authority that is taken out of the trust anchors', () => {
  it('ends the keys that it spoke for within two looks at the file', async () => {
    const document = { keys: [{ kid: 'k', x5c: [der(long.certificate)] }] }
    const { clock, find, replaceAnchors, faults } = await load(jwksUri, document, 'anchors')
    expect((await find('k')).kind).toBe('keys')
    replaceAnchors(createCertificateAuthority('another').certificate)
    await until(() => {
      clock.advance(1_000)
      return faults() > 0
    })
    expect((await find('k')).kind).toBe('unavailable')
  })
})
