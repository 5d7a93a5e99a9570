/** An X.509 certificate that an attacker makes: self-signed with any P-256 key, in as little DER as it takes. */
import { createPublicKey, KeyObject, sign } from 'node:crypto'
import type { TestKey } from './authorization-server.js'

const ecdsaWithSha256 = der(0x30, oid('2a8648ce3d040302'))
const commonName = name('attacker')

/** The certificate, valid for years, signed by the key it certifies. */
export function selfSignedCertificate(key: TestKey): Buffer {
  const publicKey = createPublicKey({ key: key.jwk as never, format: 'jwk' })
  const validity = der(0x30, time('20200101000000Z'), time('20991231235959Z'))
  const tbs = der(
    0x30,
    der(0xa0, integer(2)),
    integer(1),
    ecdsaWithSha256,
    commonName,
    validity,
    commonName,
    publicKey.export({ type: 'spki', format: 'der' }),
  )
  const signature = sign('sha256', tbs, KeyObject.from(key.privateKey))
  return der(0x30, tbs, ecdsaWithSha256, der(0x03, Buffer.from([0]), signature))
}

function der(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents)
  const { length } = content
  const lengthOctets =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...lengthOctets]), content])
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'))
}

function integer(value: number): Buffer {
  return der(0x02, Buffer.from([value]))
}

function time(text: string): Buffer {
  return der(0x18, Buffer.from(text))
}

function name(text: string): Buffer {
  return der(0x30, der(0x31, der(0x30, oid('550403'), der(0x0c, Buffer.from(text)))))
}
