/**
 * The rules of route matching as the design states them, in the slowest and plainest way: every route is tried, and
 * the candidates are compared with each other.
 */
import type { RouteEntry, RoutePattern } from '../../src/policy/index.js'

export type ReferenceEntry = RouteEntry<number>

/** The number of the most specific route that takes the request. */
export function referenceMatch(
  entries: readonly ReferenceEntry[],
  method: string,
  host: string,
  path: string,
): number | undefined {
  const candidates = entries.filter(
    (entry) =>
      (entry.hosts.length === 0 || entry.hosts.includes(host)) &&
      (entry.methods.length === 0 || entry.methods.includes(method)) &&
      takes(entry.pattern, path.slice(1).split('/')),
  )
  const best = candidates.find((candidate) =>
    candidates.every((other) => other === candidate || wins(candidate, other)),
  )
  return best?.route
}

function takes(pattern: RoutePattern, segments: readonly string[]): boolean {
  const [first, ...others] = pattern
  if (first === undefined) return segments.length === 0
  if (first.kind === 'rest') return segments.length > 0
  const [segment, ...following] = segments
  if (segment === undefined) return false
  const fits = first.kind === 'literal' ? first.text === segment : segment !== ''
  return fits && takes(others, following)
}

/** A named host over any host, then the pattern, then a named method over any method. */
function wins(one: ReferenceEntry, other: ReferenceEntry): boolean {
  const hosts = Number(one.hosts.length > 0) - Number(other.hosts.length > 0)
  if (hosts !== 0) return hosts > 0
  if (isMoreSpecific(one.pattern, other.pattern)) return true
  if (isMoreSpecific(other.pattern, one.pattern)) return false
  return one.methods.length > 0 && other.methods.length === 0
}

/** Segment by segment: a literal over one segment over the rest. */
function isMoreSpecific(one: RoutePattern, other: RoutePattern): boolean {
  const rank = { literal: 3, one: 2, rest: 1 }
  const length = Math.max(one.length, other.length)
  for (let i = 0; i < length; i++) {
    const [a, b] = [one[i], other[i]]
    const difference = (a === undefined ? 0 : rank[a.kind]) - (b === undefined ? 0 : rank[b.kind])
    if (difference !== 0) return difference > 0
  }
  return false
}
