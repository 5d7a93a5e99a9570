/**
 * One document from an authorization server, most often JSON, with every quantity bounded.
 *
 * The rules are:
 *   - https only, except to this machine or where the operator allowed it (RFC 8414 section 6);
 *   - a redirect is followed only within its origin, and not far;
 *   - time and size are limited while reading, so a slow or endless body ends too;
 *   - the content type is not looked at: some issuers send none.
 */

import { maxAgeMsOf } from './refresh-delay.js'

/** The part of `fetch` that is used; injected, so that tests can break it. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>

/** How documents are fetched. */
export interface FetchLimits {
  readonly fetch: Fetch
  readonly timeoutMs: number
  /** Allows http to hosts other than this machine. */
  readonly allowInsecure: boolean
}

/** A document, and how long it stays fresh by its own words. */
export interface FetchedDocument {
  readonly document: unknown
  readonly maxAgeMs: number | undefined
}

/** A text, and how long it stays fresh by its own words. */
export interface FetchedText {
  readonly text: string
  /** Where it was found, redirects followed. */
  readonly location: string
  readonly maxAgeMs: number | undefined
}

/** An answer with another status than 200. */
export class StatusError extends Error {
  readonly code = 'ERR_SCOPEGATE_SOURCE_STATUS'
  readonly status: number

  constructor(url: string, status: number) {
    super(`${url} answered with status ${String(status)}`)
    this.status = status
  }
}

const maxBodyBytes = 1_048_576
const maxRedirects = 3

/** Whether a URL may be fetched: https, or http to a loopback address, or anything http when insecure is allowed. */
export function isFetchable(url: string, allowInsecure: boolean): boolean {
  if (!URL.canParse(url)) return false
  const { protocol, hostname, username, password } = new URL(url)
  if (username !== '' || password !== '') return false
  if (protocol === 'https:') return true
  return protocol === 'http:' && (allowInsecure || isLoopback(hostname))
}

/** Fetches and parses a document. Rejects with a sentence that says what was wrong, and never with part of the body. */
export async function fetchDocument(url: string, limits: FetchLimits): Promise<FetchedDocument> {
  const { text, location, maxAgeMs } = await fetchText(url, limits, 'application/json')
  return { document: parseJson(text, location), maxAgeMs }
}

/** Fetches a text. Rejects as {@link fetchDocument} does, with a {@link StatusError} when that is what was wrong. */
export async function fetchText(
  url: string,
  limits: FetchLimits,
  accept: string,
): Promise<FetchedText> {
  const signal = AbortSignal.timeout(Math.ceil(limits.timeoutMs)) // Whole milliseconds only.
  let location = url
  for (let redirects = 0; ; redirects++) {
    if (!isFetchable(location, limits.allowInsecure)) {
      throw new Error(`${location} is not an https URL`)
    }
    const response = await limits.fetch(location, {
      redirect: 'manual',
      signal,
      headers: { accept },
    })
    if (response.status >= 300 && response.status < 400) {
      await response.body?.cancel()
      location = redirectTarget(location, response, redirects)
      continue
    }
    if (response.status !== 200) {
      await response.body?.cancel()
      throw new StatusError(location, response.status)
    }
    const text = await readBody(location, response)
    return { text, location, maxAgeMs: maxAgeMsOf(response.headers) }
  }
}

function redirectTarget(from: string, response: Response, redirects: number): string {
  const target = new URL(response.headers.get('location') ?? '', from)
  if (target.origin !== new URL(from).origin) {
    throw new Error(`${from} redirects to another origin`)
  }
  if (redirects >= maxRedirects) throw new Error(`${from} redirects too often`)
  return target.href
}

async function readBody(url: string, response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  if (response.body === null) throw new Error(`${url} answered without a body`)
  // Leaving the loop by an exception cancels the stream and with it the connection.
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength
    if (bytes > maxBodyBytes) {
      throw new Error(`${url} answered with more than ${String(maxBodyBytes)} bytes`)
    }
    chunks.push(chunk)
  }
  return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks))
}

function parseJson(text: string, url: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    throw new Error(`${url} answered with something that is not JSON`)
  }
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname)
}
