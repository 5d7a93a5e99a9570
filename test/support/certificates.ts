/** X.509 certificates for tests, made in memory (RFC 5280): no openssl on the machine is needed, and no file is kept. */
import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto'

/** A certificate with its key, in PEM and as the issuer of others. */
export interface TestCertificate {
  readonly certificate: string
  readonly key: string
  readonly commonName: string
  readonly privateKey: KeyObject
}

/** A certificate authority that signs itself. */
export function createCertificateAuthority(commonName: string): TestCertificate {
  return createCertificate(commonName, undefined)
}

/** A certificate for `localhost` and 127.0.0.1, as a server or a client shows it. */
export function createEndCertificate(
  commonName: string,
  issuer: TestCertificate,
  validity?: Validity,
): TestCertificate {
  return createCertificate(commonName, issuer, validity)
}

/** From when to when a certificate is valid, in hours from now. */
interface Validity {
  readonly fromHours: number
  readonly toHours: number
}

function createCertificate(
  commonName: string,
  issuer: TestCertificate | undefined,
  { fromHours, toHours }: Validity = { fromHours: -1, toHours: 1 },
): TestCertificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const algorithm = sequence(oid('2a8648ce3d040302')) // ecdsa-with-SHA256
  const now = Date.now()
  const hour = 3_600_000
  const body = sequence(
    tagged(0xa0, integer(Buffer.from([2]))), // version 3
    integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    name(issuer?.commonName ?? commonName),
    sequence(time(now + fromHours * hour), time(now + toHours * hour)),
    name(commonName),
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(issuer === undefined ? authority() : alternativeNames())),
  )
  const signature = sign('sha256', body, issuer?.privateKey ?? privateKey)
  const der = sequence(body, algorithm, tagged(0x03, Buffer.from([0]), signature))
  return {
    certificate: `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    commonName,
    privateKey,
  }
}

function authority(): Buffer {
  const isAuthority = sequence(tagged(0x01, Buffer.from([0xff])))
  return sequence(oid('551d13'), tagged(0x01, Buffer.from([0xff])), tagged(0x04, isAuthority))
}

function alternativeNames(): Buffer {
  const names = sequence(
    tagged(0x82, Buffer.from('localhost')),
    tagged(0x87, Buffer.from([127, 0, 0, 1])),
  )
  return sequence(oid('551d11'), tagged(0x04, names))
}

function name(commonName: string): Buffer {
  return sequence(
    tagged(0x31, sequence(oid('550403'), tagged(0x0c, Buffer.from(commonName)))), // UTF8String
  )
}

function time(ms: number): Buffer {
  const text = new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, '')
  return tagged(0x17, Buffer.from(text.slice(2))) // UTCTime
}

function integer(bytes: Buffer): Buffer {
  return tagged(0x02, bytes)
}

function oid(hex: string): Buffer {
  return tagged(0x06, Buffer.from(hex, 'hex'))
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(0x30, ...parts)
}

/** DER: the tag, the shortest form of the length, the content. */
function tagged(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts)
  const { length } = content
  const header =
    length < 0x80
      ? [tag, length]
      : length < 0x100
        ? [tag, 0x81, length]
        : [tag, 0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from(header), content])
}
