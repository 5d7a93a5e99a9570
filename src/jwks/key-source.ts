/**
 * Where the key set of an issuer comes from. Configuration only: nothing in a token ever chooses a source, but for the one
 * place in the path of a `keyUrl` (key-url.ts).
 */
import type { X509Certificate } from 'node:crypto'
import type { CertificateRules } from './certificate-chain.js'
import { discoverJwksUri, readUrl } from './discovery.js'
import { fetchDocument, type FetchLimits } from './fetch-document.js'
import { parseKeySet, type KeySet } from './key-set.js'
import { certificatesOfPem, jwksOfCertificateMap, jwksOfPem } from './pem.js'
import { secretKeySet } from './secret.js'

/** A configured source. */
export type KeySource =
  | { readonly kind: 'discovery'; readonly issuer: string }
  /** The issuer's metadata, when they are not where the issuer says; their `issuer` must be this one all the same. */
  | { readonly kind: 'metadataUrl'; readonly url: string; readonly issuer: string }
  | { readonly kind: 'jwksUri'; readonly jwksUri: string }
  | { readonly kind: 'jwksFile'; readonly path: string }
  | { readonly kind: 'inline'; readonly jwks: unknown }
  | { readonly kind: 'pem'; readonly pem: string; readonly kid: string | undefined }
  | { readonly kind: 'pemFile'; readonly path: string; readonly kid: string | undefined }
  | { readonly kind: 'x509Map'; readonly url: string }
  | { readonly kind: 'secretFile'; readonly path: string }
  /** A URL for each key, with `{kid}` in its path. There is no document of all of them. */
  | { readonly kind: 'keyUrl'; readonly url: string }

/** What loading a source may use. */
export interface KeySourceAccess extends FetchLimits {
  readonly readFile: (path: string) => Promise<Buffer>
  readonly wallMs: () => number
}

/** A key set from its source, and how long it stays fresh by the source's own words. */
export interface LoadedKeySet {
  readonly set: KeySet
  readonly maxAgeMs?: number | undefined
}

const maxFileBytes = 1_048_576

/** Loads a key set, afresh each time. Rejects on every fault with a sentence that has no key in it. */
export async function loadKeySet(
  { source, trustAnchorsFile }: { source: KeySource; trustAnchorsFile?: string | undefined },
  access: KeySourceAccess,
): Promise<LoadedKeySet> {
  const nowMs = access.wallMs()
  const rules = async (): Promise<CertificateRules> => ({
    nowMs,
    trustAnchors: await readAnchors(trustAnchorsFile, access),
  })
  switch (source.kind) {
    case 'discovery':
      return await loadJwks(await discoverJwksUri(source.issuer, access), rules, access)
    case 'metadataUrl': {
      const wanted = { issuer: source.issuer, member: 'jwks_uri' }
      const jwksUri = await readUrl(source.url, wanted, access)
      return await loadJwks(jwksUri, rules, access)
    }
    case 'jwksUri':
      return await loadJwks(source.jwksUri, rules, access)
    case 'jwksFile': {
      const document = parseJson(await readFile(source.path, access), source.path)
      return { set: await parseKeySet(document, await rules()) }
    }
    case 'inline':
      return { set: await parseKeySet(source.jwks, await rules()) }
    case 'pem':
      return { set: await parsePem(source.pem, source.kid, await rules()) }
    case 'pemFile': {
      const text = (await readFile(source.path, access)).toString('latin1')
      return { set: await parsePem(text, source.kid, await rules()) }
    }
    case 'x509Map': {
      const { document, maxAgeMs } = await fetchDocument(source.url, access)
      return {
        set: await parseKeySet(jwksOfCertificateMap(document, nowMs), await rules()),
        maxAgeMs,
      }
    }
    case 'secretFile':
      return { set: secretKeySet(await readFile(source.path, access)) }
    case 'keyUrl':
      throw new TypeError('keys with a URL each have no document of them all')
  }
}

/** The URL that the configuration names for a source that is fetched; undefined for others. */
export function urlOf(source: KeySource): string | undefined {
  switch (source.kind) {
    case 'discovery':
      return source.issuer
    case 'jwksUri':
      return source.jwksUri
    case 'x509Map':
    case 'metadataUrl':
    case 'keyUrl':
      return source.url
    default:
      return undefined
  }
}

/** The file that a source is, to be watched; undefined when it is none. */
export function fileOf(source: KeySource): string | undefined {
  return 'path' in source ? source.path : undefined
}

async function parsePem(
  text: string,
  kid: string | undefined,
  rules: CertificateRules,
): Promise<KeySet> {
  const set = await parseKeySet(jwksOfPem(text, kid, rules.nowMs), rules)
  return { ...set, isNameless: kid === undefined }
}

async function loadJwks(
  url: string,
  rules: () => Promise<CertificateRules>,
  access: KeySourceAccess,
): Promise<LoadedKeySet> {
  const { document, maxAgeMs } = await fetchDocument(url, access)
  return { set: await parseKeySet(document, await rules()), maxAgeMs }
}

async function readAnchors(
  path: string | undefined,
  access: KeySourceAccess,
): Promise<readonly X509Certificate[] | undefined> {
  if (path === undefined) return undefined
  return certificatesOfPem((await readFile(path, access)).toString('latin1'))
}

async function readFile(path: string, access: KeySourceAccess): Promise<Buffer> {
  const content = await access.readFile(path)
  if (content.byteLength > maxFileBytes) {
    throw new Error(`${path} has more than ${String(maxFileBytes)} bytes`)
  }
  return content
}

function parseJson(content: Buffer, path: string): unknown {
  try {
    return JSON.parse(content.toString('utf8')) as unknown
  } catch {
    throw new Error(`${path} is not JSON`)
  }
}
