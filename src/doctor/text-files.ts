/** Files as the doctor reads them: regular files with text, of a size that a configuration has. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

// Envoy's own dumps with thousands of clusters are smaller.
const maxBytes = 64 * 1024 * 1024

/** The text of a file, or why there is none. */
export type ReadText =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'absent' | 'unreadable'; readonly message: string }

/** Reads a file. Never throws. */
export function readTextFile(path: string): ReadText {
  try {
    const stats = statSync(path, { throwIfNoEntry: false })
    if (stats === undefined) return { kind: 'absent', message: 'there is no such file' }
    if (!stats.isFile()) return { kind: 'unreadable', message: 'this is not a regular file' }
    if (stats.size > maxBytes) return { kind: 'unreadable', message: 'the file is too large' }
    const bytes = readFileSync(path)
    if (bytes.includes(0)) return { kind: 'unreadable', message: 'this is not a text file' }
    return { kind: 'text', text: bytes.toString('utf8') }
  } catch {
    return { kind: 'unreadable', message: 'the file cannot be read' }
  }
}

/** The files that a pattern names, in the order of their names; `*` and `?` stand for no `/`. */
export function matchingFiles(pattern: string): readonly string[] {
  const directory = dirname(pattern)
  // As the shell does it: `*` does not mean names that start with a dot.
  const name = basename(pattern)
  const source = name
    .replace(/[.+^${}()|\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  const regex = regexOf(`^${source}$`)
  const directories = /[*?[]/.test(directory) ? matchingFiles(directory) : [directory]
  return directories.flatMap((parent) =>
    namesIn(parent)
      .filter((entry) => regex.test(entry) && (!entry.startsWith('.') || name.startsWith('.')))
      .sort()
      .map((entry) => join(parent, entry)),
  )
}

function regexOf(source: string): RegExp {
  try {
    return new RegExp(source)
  } catch {
    return /^\b$/ // Brackets that are no class match nothing.
  }
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}
