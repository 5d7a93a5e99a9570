/**
 * One key from a URL of its own: a public key in PEM, as AWS has them, or a JWK.
 *
 * The rules are:
 *   - there is no such key when the source says so (403, 404, 410; a bucket says 403 to those who may not list it);
 *     everything else that is not a good key is a fault of the source, and says nothing of the token;
 *   - it is judged as every other key is: public, of sufficient strength, on its curve;
 *   - it has the name that it was asked for by: a JWK that calls itself otherwise is another key.
 */
import { describeFault } from './discovery.js'
import { fetchText, StatusError } from './fetch-document.js'
import { keyUrlFor, withoutKid } from './key-url.js'
import { parseKeySet } from './key-set.js'
import type { KeySourceAccess } from './key-source.js'
import { jwksOfPem } from './pem.js'
import type { VerificationKey } from './verification-key.js'

const absentStatuses = [403, 404, 410]

/** The key of this name, or undefined when the source has none. Rejects with a sentence that does not repeat the name. */
export async function fetchKey(
  url: string,
  kid: string,
  access: KeySourceAccess,
): Promise<VerificationKey | undefined> {
  try {
    const { text } = await fetchText(keyUrlFor(url, kid), access, '*/*')
    return await parseKey(text, kid, access.wallMs())
  } catch (error) {
    if (error instanceof StatusError && absentStatuses.includes(error.status)) return undefined
    // Without its cause, which may repeat the name.
    throw new Error(withoutKid(describeFault(error, keyUrlFor(url, kid)), url, kid))
  }
}

async function parseKey(text: string, kid: string, nowMs: number): Promise<VerificationKey> {
  const document = text.trimStart().startsWith('{')
    ? { keys: [parseJwk(text, kid)] }
    : jwksOfPem(text, kid, nowMs)
  const { keys } = await parseKeySet(document, { nowMs, trustAnchors: undefined })
  const [key] = keys
  if (key === undefined) throw new Error('it has no usable key')
  return key
}

function parseJwk(text: string, kid: string): object {
  let jwk: object
  try {
    jwk = JSON.parse(text) as object // It starts with a brace.
  } catch {
    throw new Error('it is neither PEM nor JSON')
  }
  const { kid: named = kid } = jwk as { readonly kid?: unknown }
  // Fail closed: trust ends by the name, and so does the search for it.
  if (named !== kid) throw new Error('it has a key of another name')
  return { ...jwk, kid }
}
