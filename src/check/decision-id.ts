/** Names for decisions, by which a line in the log is found from the metadata that the proxy logged. */

/** Length of every id, in ASCII characters. */
export const decisionIdLength = 24

const lastDigits = Array.from({ length: 4_096 }, (_, n) => n.toString(16).padStart(3, '0'))

/**
 * Ids that are unique for this process: its prefix of 16 hexadecimal digits and a counter of 8. Not secret, and not
 * random beyond the prefix.
 */
export function createDecisionIds(prefix: string): () => string {
  if (!/^[0-9a-f]{16}$/.test(prefix)) throw new TypeError('the prefix is 16 hexadecimal digits')
  let count = 0
  let begin = `${prefix}00000`
  return () => {
    count = (count + 1) >>> 0
    const last = count & 0xfff
    // The digits before the last three are written once in 4096 ids.
    if (last === 0) begin = prefix + (count >>> 12).toString(16).padStart(5, '0')
    return begin + (lastDigits[last] as string)
  }
}
