/**
 * A file under deploy/ as it is shipped, with other ports and, where a test says so, other lines. A replacement that is
 * not found exactly once is an error, so that no test believes in a change it never made.
 */
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'

/** A piece of the shipped file, and what stands there instead. */
export type Replacement = readonly [from: string, to: string]

/** The text of a file, `path` from the top of the project, with its replacements made one after the other. */
export async function shippedFile(
  path: string,
  replacements: readonly Replacement[],
): Promise<string> {
  let text = await readFile(resolve(path), 'utf8')
  for (const [from, to] of replacements) {
    if (text.split(from).length !== 2) throw new Error(`not exactly once in ${path}: ${from}`)
    text = text.replace(from, () => to)
  }
  return text
}
