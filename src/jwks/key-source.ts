/** Where the key set of an issuer comes from. Configuration only: nothing in a token ever chooses a source. */
import { discoverJwksUri } from './discovery.js'
import { fetchDocument, type FetchedDocument, type FetchLimits } from './fetch-document.js'

/** A configured source. */
export type KeySource =
  | { readonly kind: 'discovery'; readonly issuer: string }
  | { readonly kind: 'jwksUri'; readonly jwksUri: string }
  | { readonly kind: 'jwksFile'; readonly path: string }
  | { readonly kind: 'inline'; readonly jwks: unknown }

/** What loading a source may use. */
export interface KeySourceAccess extends FetchLimits {
  readonly readTextFile: (path: string) => Promise<string>
}

/** Loads the JWKS document of a source, afresh each time. Does not look into it. Rejects on every fault. */
export async function loadKeyDocument(
  source: KeySource,
  access: KeySourceAccess,
): Promise<FetchedDocument> {
  switch (source.kind) {
    case 'discovery':
      return await fetchDocument(await discoverJwksUri(source.issuer, access), access)
    case 'jwksUri':
      return await fetchDocument(source.jwksUri, access)
    case 'jwksFile':
      return local(JSON.parse(await access.readTextFile(source.path)))
    case 'inline':
      return local(source.jwks)
  }
}

function local(document: unknown): FetchedDocument {
  return { document, maxAgeMs: undefined }
}
