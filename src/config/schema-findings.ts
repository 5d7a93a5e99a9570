/** What the schema has to say about a configuration, in sentences and with hints for people. */
import { closest, distance } from 'fastest-levenshtein'
import type * as z from 'zod'
import { resolveJsonPointer } from '../policy/index.js'
import type { ConfigPath, Finding } from './problem.js'
import { configJsonSchema } from './schema.js'

/** Every issue of a failed parse as findings. */
export function schemaFindings(error: z.ZodError, value: unknown): readonly Finding[] {
  return error.issues.flatMap((issue) => findingsOf(issue, value))
}

function findingsOf(issue: z.core.$ZodIssue, value: unknown): readonly Finding[] {
  const path = issue.path.map((key) => (typeof key === 'symbol' ? key.toString() : key))
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: [...path, key],
      atKey: true,
      message: `unknown key "${key}"`,
      ...suggestion(key, knownKeys(path)),
    }))
  }
  const given = resolveJsonPointer(value, path.map(String))
  const last = path.at(-1)
  const name = typeof last === 'string' ? `"${last}"` : 'this entry'
  if (issue.code === 'invalid_key') {
    return [{ path, atKey: true, message: `${name} ${issue.issues[0]?.message ?? 'is no key'}` }]
  }
  if (given === undefined) return [{ path, message: `${name} is missing` }]
  return [{ path, ...describeIssue(issue, given, name) }]
}

function describeIssue(
  issue: z.core.$ZodIssue,
  given: unknown,
  name: string,
): { message: string; hint?: string } {
  switch (issue.code) {
    case 'invalid_type':
      return { message: `${name} must be ${article(issue.expected)}, not ${describe(given)}` }
    case 'invalid_value': {
      const known = issue.values.map(String)
      if (known.length === 1) {
        return { message: `${name} must be ${known.join('')}, not ${describe(given)}` }
      }
      return {
        message: `${describe(given)} is not one of ${known.join(', ')}`,
        ...(typeof given === 'string' ? suggestion(given, known) : {}),
      }
    }
    case 'invalid_union':
      return { message: `${describe(given)} ${deepest(issue)}` }
    case 'invalid_format':
      return { message: `${describe(given)} ${issue.message}` }
    case 'too_small':
      if (issue.message.startsWith('is ')) return { message: `${name} ${issue.message}` }
      if (issue.origin !== 'number') return { message: `${name} is empty` }
      return {
        message: `${name} must be ${issue.inclusive === true ? 'at least' : 'more than'} ${String(issue.minimum)}, not ${describe(given)}`,
      }
    case 'too_big':
      return { message: `${name} must be at most ${String(issue.maximum)}, not ${describe(given)}` }
    default:
      return { message: `${name}: ${lower(issue.message)}` }
  }
}

/** The message of the innermost issue that says more than "none of these". */
function deepest(issue: z.core.$ZodIssueInvalidUnion): string {
  for (const issues of issue.errors) {
    for (const inner of issues) {
      if (inner.path.length > 0 && inner.code === 'invalid_format') {
        return `has an entry that ${inner.message}`
      }
    }
  }
  return issue.message
}

/** A "did you mean", when one of the candidates is close enough to be meant. */
export function suggestion(given: string, candidates: readonly string[]): { hint?: string } {
  if (candidates.length === 0) return {}
  const best = closest(given, [...candidates])
  const edits = distance(given.toLowerCase(), best.toLowerCase())
  const isClose = edits <= Math.max(2, given.length / 3) && edits < given.length
  if (isClose) return { hint: `did you mean "${best}"?` }
  return candidates.length <= 20 ? { hint: `known here: ${candidates.join(', ')}` } : {}
}

/** The keys that the schema knows at a path. */
function knownKeys(path: ConfigPath): readonly string[] {
  const root = configJsonSchema()
  let schemas: unknown[] = [root]
  for (const key of path) {
    schemas = schemas.flatMap((schema) => {
      const child =
        typeof key === 'number'
          ? member(schema, 'items')
          : member(member(schema, 'properties'), key)
      return child === undefined ? [] : [child, ...alternatives(child)]
    })
  }
  return schemas.flatMap((schema) => Object.keys(member(schema, 'properties') ?? {}))
}

function alternatives(schema: unknown): readonly unknown[] {
  const any = member(schema, 'anyOf')
  return Array.isArray(any) ? any : []
}

function member(value: unknown, key: string): object | undefined {
  const found = resolveJsonPointer(value, [key])
  return typeof found === 'object' && found !== null ? found : undefined
}

function describe(value: unknown): string {
  if (typeof value === 'string') return `"${value}"`
  if (value === null) return 'nothing'
  if (Array.isArray(value)) return 'the list'
  return typeof value === 'object' ? 'the map' : JSON.stringify(value)
}

function article(expected: string): string {
  const words: Record<string, string> = {
    array: 'a list',
    object: 'a map',
    record: 'a map',
    int: 'a whole number',
  }
  return words[expected] ?? `a ${expected}`
}

function lower(message: string): string {
  return message.charAt(0).toLowerCase() + message.slice(1)
}
