/** Attacks on the form of a token: serializations, encodings, JSON that readers read differently (RFC 8725bis 3.14). */
import { CompactEncrypt, importJWK } from 'jose'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { startAttackWorld, type AttackWorld } from '../../support/attack-world.js'
import { encodePart, partsOf, signJws, type JwsPart } from '../../support/forged-jws.js'
import { expectAllowed, expectRefusal, type GoldenReason } from '../../support/golden-refusals.js'

let world: AttackWorld
beforeAll(async () => {
  world = await startAttackWorld()
})
afterAll(async () => {
  await world.close()
})

const headerText = '{"alg":"ES256","typ":"at+jwt","kid":"ec-1"}'

function claimsText(changes?: Record<string, unknown>): string {
  return JSON.stringify(world.main.claims(changes))
}

/** The claims with members written in front of them as text. */
function claimsAfter(members: string): string {
  return `{${members},${claimsText().slice(1)}`
}

function present(header: JwsPart, payload: JwsPart) {
  return world.present(signJws(header, payload, world.keys.ES256))
}

describe('the control of these attacks', () => {
  it('accepts a token whose header and claims were written as text', async () => {
    expectAllowed(await present(headerText, claimsText()))
  })

  it('accepts white space between the members', async () => {
    expectAllowed(await present(` ${headerText}\n`, claimsText().replaceAll(',', ' ,\r\n\t')))
  })

  it('accepts claims that nobody asked about, also in other scripts', async () => {
    expectAllowed(await present(headerText, claimsAfter('"имя":"\\u00e9 \\ud83d\\ude00 é😀"')))
  })
})

describe('a serialization that is not the compact one', () => {
  const serializations: [string, (token: string) => string, GoldenReason][] = [
    ['the general JSON serialization', general, 'malformed_credentials'],
    ['the flattened JSON serialization', flattened, 'malformed_credentials'],
    [
      'the general JSON serialization in base64url',
      (token) => encodePart(general(token)),
      'malformed_token',
    ],
    [
      'the flattened JSON serialization in base64url',
      (token) => encodePart(flattened(token)),
      'malformed_token',
    ],
    ['no part', () => '.', 'malformed_token'],
    ['one part', (token) => partsOf(token)[1], 'malformed_token'],
    ['two parts', (token) => partsOf(token).slice(0, 2).join('.'), 'malformed_token'],
    ['four parts', (token) => `${token}.AAAA`, 'malformed_token'],
    ['four parts with the last empty', (token) => `${token}.`, 'malformed_token'],
    ['four parts with the first empty', (token) => `.${token}`, 'malformed_token'],
    ['five parts', (token) => `${token}.AAAA.AAAA`, 'malformed_token'],
    ['an empty header', (token) => token.replace(/^[^.]+/, ''), 'malformed_token'],
    ['an empty payload', (token) => token.replace(/\.[^.]+/, '.'), 'malformed_token'],
    ['a detached payload of RFC 7797', (token) => token.replace(/\..*\./, '..'), 'malformed_token'],
    ['a thousand dots', () => '.'.repeat(1_000), 'malformed_token'],
  ]

  it.each(serializations)('%s is refused', async (_, serialize, reason) => {
    expectRefusal(await world.present(serialize(await world.main.token())), reason)
  })

  it.each([
    ['RSA-OAEP to the key of the issuer', 'RSA-OAEP'],
    ['dir under a secret', 'dir'],
  ])('a JWE with %s around an unsigned token is refused', async (_, alg) => {
    const inner = `${encodePart({ alg: 'none', typ: 'at+jwt' })}.${encodePart(claimsText())}.`
    const key =
      alg === 'dir'
        ? new Uint8Array(32)
        : await importJWK({ ...world.keys.RS256.jwk, use: 'enc', alg }, alg)
    const token = await new CompactEncrypt(Buffer.from(inner))
      .setProtectedHeader({ alg, enc: 'A256GCM', cty: 'JWT', typ: 'at+jwt', kid: 'rsa-1' })
      .encrypt(key)
    expectRefusal(await world.present(token), 'malformed_token')
  })

  function general(token: string): string {
    const [header, payload, signature] = partsOf(token)
    return JSON.stringify({ payload, signatures: [{ protected: header, signature }] })
  }

  function flattened(token: string): string {
    const [header, payload, signature] = partsOf(token)
    return JSON.stringify({ payload, protected: header, signature })
  }
})

describe('base64url with a second spelling', () => {
  const spellings: [string, (token: string) => string, GoldenReason][] = [
    ['padding after the signature', (token) => `${token}==`, 'malformed_token'],
    [
      'padding after the header',
      (token) => token.replace('.', '=.'),
      'malformed_credentials', // token68 has "=" only at the end.
    ],
    ['a character outside the alphabet', (token) => `~${token}`, 'malformed_token'],
    ['a line break inside', (token) => token.replace('.', '\n.'), 'malformed_credentials'],
  ]

  it.each(spellings)('%s is refused', async (_, respell, reason) => {
    expectRefusal(await world.present(respell(await world.main.token())), reason)
  })

  it('stray bits at the end of the signature are refused', async () => {
    // 64 octets end in a character with four unused bits: the next character decodes to the same octets.
    const token = await world.main.token()
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const last = alphabet.indexOf(token.at(-1)!)
    const respelt = token.slice(0, -1) + alphabet.charAt(last ^ 1)
    expectRefusal(await world.present(respelt), 'malformed_token')
    expectAllowed(await world.present(token))
  })

  it('the alphabet of plain base64 is refused', async () => {
    for (;;) {
      const token = await world.main.token()
      const [header, payload, signature] = partsOf(token)
      const plain = signature.replaceAll('-', '+').replaceAll('_', '/')
      if (plain === signature) continue // This signature has neither character; make another one.
      expectRefusal(await world.present(`${header}.${payload}.${plain}`), 'malformed_token')
      return
    }
  })
})

describe('JSON that is not one object, read one way', () => {
  const exp = '"exp":4102444800'
  const bom = '\ufeff'
  const payloads: [string, () => JwsPart][] = [
    ['exp twice, the good one last', () => claimsAfter('"exp":1')],
    ['exp twice, the good one first', () => claimsText().replace(/}$/, ',"exp":1}')],
    ['exp twice, the same', () => claimsAfter(exp).replace(/"exp":\d+}/, `${exp}}`)],
    ['exp twice, once escaped', () => claimsAfter('"\\u0065xp":1')],
    ['aud twice', () => claimsAfter('"aud":"https://other.example"')],
    ['iss twice', () => claimsAfter('"iss":"https://other.example"')],
    ['a name twice inside a claim', () => claimsAfter('"act":{"sub":"a","sub":"b"}')],
    ['a name twice inside a list', () => claimsAfter('"list":[[{"a":1,"a":2}]]')],
    ['a byte order mark', () => bom + claimsText()],
    ['UTF-16 LE', () => Buffer.from(claimsText(), 'utf16le')],
    ['UTF-16 LE with a byte order mark', () => Buffer.from(bom + claimsText(), 'utf16le')],
    ['UTF-16 BE', () => Buffer.from(claimsText(), 'utf16le').swap16()],
    ['an octet that is not UTF-8', () => withOctets([0xff])],
    ['an overlong encoding', () => withOctets([0xc0, 0xaf])],
    ['an encoded surrogate', () => withOctets([0xed, 0xa0, 0x80])],
    ['a lone surrogate', () => claimsAfter('"name":"\\ud800"')],
    ['a lone surrogate in a name', () => claimsAfter('"\\udc00":1')],
    ['10,000 levels of lists', () => claimsAfter(`"deep":${nested('[', ']', 10_000)}`)],
    ['10,000 levels of objects', () => claimsAfter(`"deep":${nested('{"a":', '}', 6_000, '1')}`)],
    ['33 levels', () => claimsAfter(`"deep":${nested('[', ']', 32)}`)],
    ['a list at the top', () => `[${claimsText()}]`],
    ['a string at the top', () => JSON.stringify(claimsText())],
    ['null at the top', () => 'null'],
    ['text after the object', () => `${claimsText()} {}`],
    ['a NUL after the object', () => `${claimsText()}\0`],
    ['a comment', () => `/* */${claimsText()}`],
    ['a comma too much', () => claimsText().replace(/}$/, ',}')],
    ['NaN', () => claimsAfter('"n":NaN')],
    ['a number with a leading zero', () => claimsAfter('"n":01')],
    ['nothing but white space', () => ' '],
  ]

  it.each(payloads)('%s is refused in the claims', async (_, payload) => {
    expectRefusal(await present(headerText, payload()), 'malformed_token')
  })

  it('32 levels are accepted in the claims', async () => {
    const payload = claimsAfter(`"deep":${nested('[', ']', 31)}`)
    expectAllowed(await present(headerText, payload))
  })

  const headers: [string, JwsPart][] = [
    ['alg twice, the good one last', `{"alg":"none",${headerText.slice(1)}`],
    ['alg twice, the good one first', headerText.replace(/}$/, ',"alg":"none"}')],
    ['alg twice, once escaped', `{"\\u0061lg":"none",${headerText.slice(1)}`],
    ['kid twice', `{"kid":"other",${headerText.slice(1)}`],
    ['a byte order mark', bom + headerText],
    ['UTF-16', Buffer.from(headerText, 'utf16le')],
    ['10,000 levels', `{"deep":${nested('[', ']', 10_000)},${headerText.slice(1)}`],
    ['a list at the top', `[${headerText}]`],
  ]

  it.each(headers)('%s is refused in the header', async (_, header) => {
    expectRefusal(await present(header, claimsText()), 'malformed_token')
  })

  function nested(open: string, close: string, levels: number, core = ''): string {
    return open.repeat(levels) + core + close.repeat(levels)
  }

  function withOctets(octets: readonly number[]): Uint8Array {
    const [before = '', after = ''] = claimsAfter('"name":"#"').split('#')
    return Buffer.concat([Buffer.from(before), Buffer.from(octets), Buffer.from(after)])
  }
})

describe('a header member that changes what is signed', () => {
  const members: [string, string][] = [
    ['crit with an unknown name', '"crit":["urn:example:must"],"urn:example:must":true'],
    ['crit with a known claim', '"crit":["exp"],"exp":4102444800'],
    ['crit with a registered header member', '"crit":["alg"]'],
    ['an empty crit', '"crit":[]'],
    ['a crit that names itself twice', '"crit":["b64","b64"],"b64":true'],
    ['a crit that is a string', '"crit":"b64"'],
    ['a crit that is null', '"crit":null'],
    ['b64 false, declared critical', '"b64":false,"crit":["b64"]'],
    ['b64 true, declared critical', '"b64":true,"crit":["b64"]'],
    ['b64 false, not declared', '"b64":false'],
  ]

  it.each(members)('%s is refused', async (_, member) => {
    expectRefusal(
      await present(`{${member},${headerText.slice(1)}`, claimsText()),
      'malformed_token',
    )
  })
})
