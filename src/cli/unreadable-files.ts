/**
 * Files that a configuration names and that cannot be read where it is checked: certificates, keys, secrets. A running gate
 * says so too, but of a client's secret only when the first token comes.
 */
import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { readConfigDocuments, type ConfigPath, type Problem } from '../config/index.js'

/**
 * One problem for each file that this process cannot read, in the order of the configuration, whose own form is not
 * looked at. What is in the files is not looked at either. Rejects as `loadConfig` does when the configuration itself cannot be
 * read.
 */
export async function unreadableFiles(path: string): Promise<readonly Problem[]> {
  const documents = await readConfigDocuments(path)
  const problems: Problem[] = []
  for (const { at, name } of namedFiles(documents.value, [])) {
    const file = isAbsolute(name) ? name : join(documents.directoryOf(at), name)
    const fault = await access(file, constants.R_OK).then(() => undefined, faultCode)
    if (fault === undefined) continue
    problems.push(
      documents.locate({ path: at, message: `the file "${file}" cannot be read here (${fault})` }),
    )
  }
  return problems
}

interface NamedFile {
  readonly at: ConfigPath
  readonly name: string
}

/** Every text under a key that is `file` or ends with `File`: so are the names of all keys that name one. */
function namedFiles(value: unknown, at: ConfigPath): readonly NamedFile[] {
  if (Array.isArray(value)) return value.flatMap((item, i) => namedFiles(item, [...at, i]))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, member]) =>
    typeof member === 'string' && /^file$|File$/.test(key)
      ? [{ at: [...at, key], name: member }]
      : namedFiles(member, [...at, key]),
  )
}

function faultCode(fault: unknown): string {
  return fault instanceof Error && 'code' in fault ? String(fault.code) : String(fault)
}
