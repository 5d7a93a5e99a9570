/**
 * What is in force for each issuer, and where it came from: a line of the operator, a preset, or a default. Shows no
 * content of files; of keys that are written into the configuration it says how many there are.
 */
import { resolveJsonPointer } from '../policy/index.js'
import type { IssuerInput } from './config-input.js'
import { readConfigDocuments, type ConfigDocuments } from './documents.js'
import { nameIssuer } from './compile-template.js'
import { fillIssuer } from './fill-issuer.js'
import type { Preset } from './preset.js'
import { presets } from './presets.js'
import { configSchema } from './schema.js'

/** One value in force. */
export interface ExplainedValue {
  readonly key: string
  readonly value: string
  /** `FILE:LINE`, `preset NAME` or `default`. */
  readonly origin: string
}

/** An issuer and everything that is in force for it. */
export interface ExplainedIssuer {
  readonly id: string
  readonly values: readonly ExplainedValue[]
}

/** Explains a file or directory that is good. Throws for one that is not; what is wrong with it loadConfig says. */
export async function explainConfig(path: string): Promise<readonly ExplainedIssuer[]> {
  const documents = await readConfigDocuments(path)
  const { issuers } = configSchema.parse(documents.value)
  return issuers.map((written, index) => ({
    id: written.id,
    values: leaves(fillIssuer(nameIssuer(written, [], []))).map(({ path: at, value }) => ({
      key: at.join('.'),
      value: shown(at, value),
      origin: origin(documents, written, index, at),
    })),
  }))
}

interface Leaf {
  readonly path: readonly string[]
  readonly value: unknown
}

/** Members of maps one by one; lists, and keys that are written into the configuration, as a whole. */
function leaves(value: object, path: readonly string[] = []): readonly Leaf[] {
  return Object.entries(value).flatMap(([key, member]: [string, unknown]): readonly Leaf[] => {
    const at = [...path, key]
    if (member === undefined) return []
    const isMap = typeof member === 'object' && member !== null && !Array.isArray(member)
    return isMap && at.join('.') !== 'keys.jwks'
      ? leaves(member, at)
      : [{ path: at, value: member }]
  })
}

function shown(path: readonly string[], value: unknown): string {
  const key = path.join('.')
  if (key === 'keys.jwks') {
    const { keys } = value as { readonly keys: readonly unknown[] }
    return `${String(keys.length)} written here`
  }
  if (key === 'keys.pem.inline') return 'written here'
  if (!Array.isArray(value)) return typeof value === 'string' ? value : JSON.stringify(value)
  const items = value.map((item: unknown) =>
    typeof item === 'string' ? item : JSON.stringify(item),
  )
  return items.length === 0 ? 'none' : items.join(', ')
}

function origin(
  documents: ConfigDocuments,
  written: IssuerInput,
  index: number,
  path: readonly string[],
): string {
  const place = ['issuers', String(index), ...path]
  if (resolveJsonPointer(documents.value, place) !== undefined) {
    const { file, line } = documents.locate({ path: ['issuers', index, ...path], message: '' })
    return `${file}:${String(line)}`
  }
  const preset: Preset = presets[written.preset]
  const isFilled = resolveJsonPointer(written, path) === undefined
  const isPreset = isFilled && (path[0] !== 'keys' || preset.keys !== undefined)
  return isPreset ? `preset ${written.preset}` : 'default'
}
