/** Padded tokens: those of an issuer that pads are taken as they were sent, those of all others refused as ever. */
import { beforeAll, describe, expect, it } from 'vitest'
import { decodeJwt, decodePaddedJwt } from '../../../src/token/decode-jwt.js'
import { createTestKey, type TestKey } from '../../support/authorization-server.js'
import { padded, paddedJws } from '../../support/padded-jws.js'

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

let key: TestKey
beforeAll(async () => {
  key = await createTestKey()
})

describe('decodePaddedJwt', () => {
  it.each(['', 'x', 'xy'])('reads a token whose parts have their padding (%j)', async (extra) => {
    const token = await paddedJws(
      { alg: 'ES256', x: extra },
      JSON.stringify({ sub: extra }),
      key.privateKey,
    )
    expect(decodePaddedJwt(token)?.claims).toEqual({ sub: extra })
    const isPadded = token.split('.').some((one) => one.endsWith('='))
    expect([isPadded, decodeJwt(token)]).toEqual([true, undefined])
  })

  const header = part({ alg: 'ES256', kid: 'a' }) // 34 characters: two `=` belong to it.
  const claims = part({ sub: 'a' }) // 15 characters: one.
  const signature = 'AQ' // Two belong to it.

  it('takes each part with all of its padding or none', () => {
    for (const first of [header, padded(header)]) {
      for (const second of [claims, padded(claims)]) {
        for (const third of [signature, padded(signature)]) {
          expect(decodePaddedJwt(`${first}.${second}.${third}`)?.claims).toEqual({ sub: 'a' })
        }
      }
    }
  })

  it.each([
    ['too much of it', `${header}===.${claims}.${signature}`],
    ['too little of it', `${header}.${claims}.${signature}=`],
    ['three', `${header}.${claims}.AQI===`],
    ['four where none belongs', `${header}.${claims}.AQID====`],
    ['padding in the middle', `${header}.ey=J${claims.slice(3)}.${signature}`],
    ['padding at the beginning', `${header}.=${claims}.${signature}`],
    ['nothing but padding', `${header}.${claims}.====`],
    ['an empty part', `${header}.${claims}.`],
    ['stray bits behind the padding', `${header}.${claims}.AR==`],
    ['the other alphabet', `${header}.${claims}.+/==`],
    ['a space', `${header}.${claims}.AQ= `],
    ['padding percent-encoded', `${header}%3D.${claims}.${signature}`],
    ['a fourth part', `${header}.${claims}.${signature}.${signature}`],
  ])('refuses %s', (_name, token) => {
    expect(decodePaddedJwt(token)).toBeUndefined()
  })
})
