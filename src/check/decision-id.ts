/** Names for decisions, by which a line in the log is found from the metadata that the proxy logged. */

/** Length of every id, in ASCII characters. */
export const decisionIdLength = 24

/**
 * Ids that are unique for this process: its prefix of 16 hexadecimal digits and a counter of 8. Not secret, and not
 * random beyond the prefix.
 */
export function createDecisionIds(prefix: string): () => string {
  if (!/^[0-9a-f]{16}$/.test(prefix)) throw new TypeError('the prefix is 16 hexadecimal digits')
  let count = 0
  return () => {
    count = (count + 1) >>> 0
    return prefix + (count + 0x1_0000_0000).toString(16).slice(1)
  }
}
