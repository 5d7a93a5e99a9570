/**
 * The text of a revocation file: a list of revocations in YAML, of which JSON is a part. All problems at once, each
 * with line and column; a file with a problem is not used at all.
 */
import { isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, type Document } from 'yaml'
import type { IssuerNames } from './issuer-names.js'
import { parseRevocation, type RevocationProblem } from './parse-revocation.js'
import type { Revocation } from './revocation.js'

/** One thing that is wrong. Lines and columns count from 1. */
export interface FileProblem {
  readonly line: number
  readonly column: number
  readonly message: string
}

/** The revocations of a file, or everything that is wrong with it. */
export type RevocationFile =
  | { readonly kind: 'revocations'; readonly revocations: readonly Revocation[] }
  | { readonly kind: 'problems'; readonly problems: readonly FileProblem[] }

/** Reading more would keep checks waiting: YAML of this size takes a fifth of a second. */
const maxCharacters = 262_144
const maxProblems = 100

/** Parses the text of a file. An empty one is an empty list; one of more than `maxEntries` has a problem. */
export function parseRevocationFile(
  text: string,
  issuers: IssuerNames,
  maxEntries: number,
): RevocationFile {
  if (text.length > maxCharacters) {
    const message = `the file has more than ${String(maxCharacters)} characters; longer lists belong into the store`
    return problems([{ line: 1, column: 1, message }])
  }
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, merge: false })
  const at = (offset: number | undefined, message: string): FileProblem => {
    const { line, col } = lines.linePos(offset ?? 0)
    return { line: Math.max(line, 1), column: Math.max(col, 1), message }
  }
  const faults = [...document.errors, ...document.warnings]
  if (faults.length > 0) {
    return problems(
      faults.map(({ pos, message }) =>
        at(pos[0], message.split(/ at line \d+|; please use /)[0] ?? 'is not YAML'),
      ),
    )
  }
  let value: unknown
  try {
    value = document.toJS({ maxAliasCount: 0 })
  } catch {
    return problems([at(0, 'aliases have no place in a list of revocations')])
  }
  if (value === null) return { kind: 'revocations', revocations: [] }
  if (!Array.isArray(value)) return problems([at(0, 'the file is not a list of revocations')])
  if (value.length > maxEntries) {
    return problems([at(0, `the file has more than ${String(maxEntries)} entries (maxEntries)`)])
  }
  const found: FileProblem[] = []
  const revocations: Revocation[] = []
  for (const [index, entry] of value.entries()) {
    // Files have no ttlSeconds, so that it does not matter when they are read.
    const parsed = parseRevocation(entry, 'file', issuers, 0)
    if (parsed.kind === 'revocation') revocations.push(parsed.revocation)
    else found.push(at(offsetOf(document, index, parsed), sentence(parsed)))
  }
  return found.length > 0 ? problems(found) : { kind: 'revocations', revocations }
}

function problems(found: readonly FileProblem[]): RevocationFile {
  return { kind: 'problems', problems: found.slice(0, maxProblems) }
}

function sentence({ field, message }: RevocationProblem): string {
  return field === undefined ? `this entry ${message}` : `"${field}" ${message}`
}

/** Where the field of an entry stands, or the entry itself. */
function offsetOf(
  document: Document,
  index: number,
  { field }: RevocationProblem,
): number | undefined {
  const list = document.contents
  const entry = isSeq(list) ? list.items[index] : undefined
  const pair = isMap(entry)
    ? entry.items.find(({ key }) => isScalar(key) && String(key.value) === field)
    : undefined
  if (isScalar(pair?.key)) return pair.key.range?.[0]
  return isNode(entry) ? entry.range?.[0] : undefined
}
