/** Which of many hostile requests reach an upstream through a proxy. */
import type { EchoUpstream } from './echo-upstream.js'
import { sendRaw, type NamedRequest } from './raw-http.js'
import { sendHeaderBlock, type HeaderBlock } from './raw-http2.js'

/** Something that the upstream saw, and that counts as reaching it. */
export type Counts = (what: string) => boolean

/** Every trace at the upstream counts, a connection without a request too. */
export const everyTrace: Counts = () => true

/** Proxies that keep connections open in advance reach the upstream with them at any time. */
export const requestsOnly: Counts = (what) => what !== 'a connection'

/** The names of the HTTP/1.1 requests that reach the upstream, sent one after the other; a late trace counts for the next. */
export async function requestsThatReach(
  upstream: EchoUpstream,
  requests: readonly NamedRequest[],
  counts: Counts,
  send: (bytes: string) => Promise<unknown>,
): Promise<readonly string[]> {
  const names: string[] = []
  for (const [name, bytes] of requests) {
    await send(bytes)
    if (upstream.reached.splice(0).some(counts)) names.push(name)
  }
  return names
}

/** What the upstream sees of HTTP/2 streams; all at once, because some proxies wait before they close a broken one. */
export async function tracesOfStreams(
  upstream: EchoUpstream,
  port: number,
  streams: readonly (readonly [name: string, block: HeaderBlock])[],
  counts: Counts,
): Promise<readonly string[]> {
  await Promise.all(streams.map(async ([, block]) => await sendHeaderBlock(port, block)))
  return upstream.reached.filter(counts)
}

/** Sends bytes and waits for what comes back, as {@link sendRaw} does. */
export function sender(port: number): (bytes: string) => Promise<unknown> {
  return async (bytes) => await sendRaw(port, bytes)
}
