/**
 * How long after a load the next one is due, when the source says how long its answer stays fresh (RFC 9111 section 5.2.2).
 *
 * The rules are:
 *   - `refreshMs` is what the operator wants; `max-age` moves it, to a fifth of it at the least and to its double at the
 *     most, so that neither `max-age=0` nor a year of it takes the decision away;
 *   - a set is always refreshed before it is too old to be believed.
 */

const shortestShare = 1 / 5
const longestShare = 2
/** Longer is never asked for by a source: a timer of Node that is given more than 24.8 days fires at once. */
const longestMs = 86_400_000

/** The delay in milliseconds, jitter not included. `maxAgeMs` is undefined when the source says nothing. */
export function refreshDelayMs(
  options: { readonly refreshMs: number; readonly maxStaleMs: number },
  maxAgeMs: number | undefined,
): number {
  const { refreshMs, maxStaleMs } = options
  if (maxAgeMs === undefined) return refreshMs
  const longest = Math.max(refreshMs, Math.min(refreshMs * longestShare, longestMs, maxStaleMs / 2))
  return Math.min(Math.max(maxAgeMs, refreshMs * shortestShare), longest)
}

/**
 * How long an answer stays fresh, by its `Cache-Control` and what it has aged already on its way; 0 when it must not be
 * kept, undefined when it does not say.
 */
export function maxAgeMsOf(headers: Headers): number | undefined {
  const directives = (headers.get('cache-control') ?? '')
    .toLowerCase()
    .split(',')
    .map((directive) => directive.trim())
  if (directives.includes('no-store') || directives.includes('no-cache')) return 0
  const seconds = directives.map((directive) => /^max-age="?(\d{1,10})"?$/.exec(directive)?.[1])
  const maxAge = seconds.find((text) => text !== undefined)
  if (maxAge === undefined) return undefined
  const age = /^\d{1,10}$/.exec(headers.get('age') ?? '')?.[0] ?? '0'
  return Math.max(0, Number(maxAge) - Number(age)) * 1_000
}
