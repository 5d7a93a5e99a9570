/**
 * How the gate shows the introspection endpoint that it may ask (RFC 7662 section 2.1).
 *
 * The rules are:
 *   - secrets come from files, read for every question, so that they may change; one line end at the end does not count;
 *   - for Basic, id and secret are form-urlencoded before they are joined (RFC 6749 section 2.3.1);
 *   - an assertion lives for a minute, is used once, and has the issuer alone as its audience, so that it is of no use to
 *     another server (RFC 7523 section 3);
 *   - no secret is ever part of a message.
 */
import { createPrivateKey, type JsonWebKey, type KeyObject } from 'node:crypto'
import { SignJWT } from 'jose'
import type { ClientAuthentication } from './options.js'

/** What authentication needs from outside. */
export interface ClientAuthenticationAccess {
  readonly readFile: (path: string) => Promise<Buffer>
  readonly wallMs: () => number
  readonly randomId: () => string
}

/** What is added to the question. */
export interface Credentials {
  readonly headers: Readonly<Record<string, string>>
  readonly form: Readonly<Record<string, string>>
}

const assertionSeconds = 60
const maxSecretBytes = 65_536

/** The credentials for one question. Rejects with a sentence without secrets when the file cannot be used. */
export async function clientCredentials(
  authentication: ClientAuthentication,
  issuer: string,
  access: ClientAuthenticationAccess,
): Promise<Credentials> {
  const { clientId } = authentication
  if (authentication.method === 'private_key_jwt') {
    const { privateKeyFile, kid, algorithm } = authentication
    const key = parsePrivateKey(await readSecret(privateKeyFile, access), privateKeyFile)
    const nowSeconds = Math.floor(access.wallMs() / 1_000)
    const assertion = await new SignJWT()
      .setProtectedHeader({ alg: algorithm, ...(kid === undefined ? {} : { kid }) })
      .setIssuer(clientId)
      .setSubject(clientId)
      .setAudience(issuer)
      .setJti(access.randomId())
      .setIssuedAt(nowSeconds)
      .setExpirationTime(nowSeconds + assertionSeconds)
      .sign(key)
      .catch(() => {
        throw new Error(`the key in ${privateKeyFile} cannot sign with ${algorithm}`)
      })
    return {
      headers: {},
      form: {
        client_id: clientId,
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: assertion,
      },
    }
  }
  const secret = await readClientSecret(authentication.secretFile, access)
  if (authentication.method === 'client_secret_post') {
    return { headers: {}, form: { client_id: clientId, client_secret: secret } }
  }
  const pair = `${formEncoded(clientId)}:${formEncoded(secret)}`
  return { headers: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` }, form: {} }
}

async function readClientSecret(path: string, access: ClientAuthenticationAccess): Promise<string> {
  const secret = (await readSecret(path, access)).toString('utf8').replace(/\r?\n$/, '')
  if (secret === '') throw new Error(`${path} has no secret`)
  return secret
}

async function readSecret(path: string, access: ClientAuthenticationAccess): Promise<Buffer> {
  const content = await access.readFile(path)
  if (content.byteLength > maxSecretBytes) throw new Error(`${path} is too long for a secret`)
  return content
}

/** A key in PEM or as a JWK. */
function parsePrivateKey(content: Buffer, path: string): KeyObject {
  try {
    const text = content.toString('utf8').trim()
    if (!text.startsWith('{')) return createPrivateKey(text)
    return createPrivateKey({ key: JSON.parse(text) as JsonWebKey, format: 'jwk' })
  } catch {
    // Without its cause, which may quote the key.
    throw new Error(`${path} has no private key in PEM or as a JWK`)
  }
}

function formEncoded(text: string): string {
  return new URLSearchParams({ '': text }).toString().slice(1)
}
