/** Times as people write them (RFC 3339), with a time zone always. Reads no clock. */

const form = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/

/** Milliseconds since the epoch, or undefined when the text is no such time. */
export function parseTime(text: string): number | undefined {
  if (!form.test(text)) return undefined
  const ms = Date.parse(text.replace(' ', 'T').toUpperCase())
  // Date takes February 30 for March 2; the day that was written has to come back.
  const day = Date.parse(`${text.slice(0, 10)}T00:00:00Z`)
  const isDay = !Number.isNaN(day) && new Date(day).toISOString().startsWith(text.slice(0, 10))
  return Number.isNaN(ms) || !isDay ? undefined : ms
}

/** The time in UTC. */
export function formatTime(ms: number): string {
  return new Date(ms).toISOString()
}
