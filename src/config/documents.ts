/**
 * The configuration as files: one YAML file, or all of a directory merged.
 *
 * The rules are:
 *   - lists of several files follow each other, in the order of the file names; a single value is given once;
 *   - no duplicate keys, no merge keys, few aliases: what a reader sees is what counts;
 *   - every place in the merged value leads back to its file, line and column.
 */
import { readdir, readFile, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isMap, isNode, isScalar, LineCounter, parseDocument, visit, type Document } from 'yaml'
import { ConfigError, type ConfigPath, type Finding, type Problem } from './problem.js'

interface ConfigFile {
  readonly name: string
  readonly document: Document
  readonly lines: LineCounter
  readonly value: Readonly<Record<string, unknown>>
}

/** Merged files, and the way back from a value to its place. */
export interface ConfigDocuments {
  readonly value: Readonly<Record<string, unknown>>
  /** What is given in more than one file and may not be; `value` has the first of each. */
  readonly repeated: readonly Problem[]
  /** The directory that relative paths in the value at `path` start from. */
  directoryOf(path: ConfigPath): string
  locate(finding: Finding): Problem
}

/** The names and the content of all files, to see whether they changed. Rejects when one cannot be read. */
export async function readConfigBytes(path: string): Promise<Buffer> {
  const parts: Buffer[] = []
  for (const name of await configFileNames(path)) {
    const content = await readFile(name)
    parts.push(Buffer.from(`${name}\n${String(content.length)}\n`), content)
  }
  return Buffer.concat(parts)
}

/** The text of every file by its name, to load it again when the files are others. Rejects when one cannot be read. */
export async function readConfigTexts(path: string): Promise<ReadonlyMap<string, string>> {
  const names = await configFileNames(path)
  return new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(name, 'utf8')] as const)),
  )
}

/**
 * Reads a file or a directory; with `texts`, what {@link readConfigTexts} gave for it earlier. Throws a ConfigError for
 * what cannot be read or is not YAML.
 */
export async function readConfigDocuments(
  path: string,
  texts?: ReadonlyMap<string, string>,
): Promise<ConfigDocuments> {
  const names = texts === undefined ? await configFileNames(path) : [...texts.keys()]
  const read = await Promise.all(names.map((name) => readConfigFile(name, texts)))
  const broken = read.flatMap((file) => (file instanceof ConfigError ? file.problems : []))
  if (broken.length > 0) throw new ConfigError(broken)
  const files = read.flatMap((file) => (file instanceof ConfigError ? [] : [file]))
  const merged = Object.create(null) as Record<string, unknown> // `constructor` is a key like others.
  const origins = new Map<string, { readonly file: ConfigFile; readonly offset: number }[]>()
  const repeated: Problem[] = []
  for (const file of files) {
    for (const [key, value] of Object.entries(file.value)) {
      const before = merged[key]
      const offset = Array.isArray(before) ? before.length : 0
      if (before === undefined) merged[key] = value
      else if (Array.isArray(before) && Array.isArray(value)) {
        merged[key] = [...(before as unknown[]), ...(value as unknown[])]
      } else {
        repeated.push(
          locateIn(file, {
            path: [key],
            atKey: true,
            message: `"${key}" is given in more than one file`,
          }),
        )
      }
      origins.set(key, [...(origins.get(key) ?? []), { file, offset }])
    }
  }

  function origin(path: ConfigPath): { file: ConfigFile; path: ConfigPath } {
    const [key, place, ...rest] = path
    const candidates = origins.get(String(key)) ?? []
    const found =
      typeof place === 'number'
        ? candidates.findLast(({ offset }) => offset <= place)
        : candidates[0]
    const file = found?.file ?? files[0]
    if (file === undefined) throw new TypeError('a configuration has at least one file')
    if (typeof place !== 'number' || found === undefined) return { file, path }
    return { file, path: [key ?? '', place - found.offset, ...rest] }
  }

  return {
    value: merged,
    repeated,
    directoryOf: (at) => dirname(origin(at).file.name),
    locate(finding) {
      const { file, path: own } = origin(finding.path)
      return locateIn(file, { ...finding, path: own })
    },
  }
}

async function configFileNames(path: string): Promise<readonly string[]> {
  const stats = await stat(path).catch(() => undefined)
  if (stats === undefined) throw unreadable(path, 'there is no such file or directory')
  if (!stats.isDirectory()) return [path]
  // Names that start with a dot are how Kubernetes keeps the versions of a mounted ConfigMap.
  const names = (await readdir(path)).filter((name) => /^[^.].*\.ya?ml$/.test(name)).sort()
  if (names.length === 0) throw unreadable(path, 'the directory has no .yaml file')
  return names.map((name) => join(path, name))
}

async function readConfigFile(
  name: string,
  texts: ReadonlyMap<string, string> | undefined,
): Promise<ConfigFile | ConfigError> {
  const text = texts?.get(name) ?? (await readFile(name, 'utf8').catch(() => undefined))
  if (text === undefined) return unreadable(name, 'the file cannot be read')
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, merge: false })
  const faults = [...document.errors, ...document.warnings, ...unresolvedAliases(document)]
  if (faults.length > 0) {
    return new ConfigError(
      faults.map(({ pos, message }) => {
        const { line, col } = lines.linePos(pos[0])
        const [sentence = 'is not YAML'] = message.split(/ at line \d+|; please use /)
        return { file: name, line, column: col, message: sentence, hint: undefined }
      }),
    )
  }
  let value: unknown
  try {
    value = document.toJS({ maxAliasCount: 100 })
  } catch {
    return unreadable(name, 'the aliases of the file multiply to more than a configuration needs')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return unreadable(name, 'the file is not a map of settings')
  }
  return { name, document, lines, value: value as Record<string, unknown> }
}

function unresolvedAliases(document: Document): readonly { pos: [number]; message: string }[] {
  const faults: { pos: [number]; message: string }[] = []
  visit(document, {
    Alias(_key, alias) {
      if (alias.resolve(document) !== undefined) return
      const message = `alias "*${alias.source}" has no anchor before it`
      faults.push({ pos: [alias.range?.[0] ?? 0], message })
    },
  })
  return faults
}

/** The place of a finding, or of the nearest enclosing value that is there. */
function locateIn(file: ConfigFile, { path, atKey, message, hint }: Finding): Problem {
  const key = atKey === true ? keyOffset(file.document, path) : undefined
  let offset = key
  for (let depth = path.length; offset === undefined && depth >= 0; depth--) {
    const node =
      depth === 0 ? file.document.contents : file.document.getIn(path.slice(0, depth), true)
    offset = isNode(node) ? node.range?.[0] : undefined
  }
  const { line, col } = file.lines.linePos(offset ?? 0)
  return { file: file.name, line: Math.max(line, 1), column: Math.max(col, 1), message, hint }
}

function keyOffset(document: Document, path: ConfigPath): number | undefined {
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true)
  if (!isMap(parent)) return undefined
  const pair = parent.items.find(
    // As a value every key is text, also a number.
    ({ key }) => isScalar<string | number | null>(key) && String(key.value ?? '') === path.at(-1),
  )
  return isScalar(pair?.key) ? pair.key.range?.[0] : undefined
}

function unreadable(file: string, message: string): ConfigError {
  return new ConfigError([{ file, line: 1, column: 1, message, hint: undefined }])
}
