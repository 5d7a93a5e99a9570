/**
 * An Envoy configuration as a tree in which every value knows its place.
 *
 * The rules are:
 *   - a value means what it means to Envoy: YAML 1.1 booleans, `failureModeAllow` is `failure_mode_allow`, `"true"` is
 *     true;
 *   - an alias is the value it stands for; a tree that aliases make endless or huge is not read;
 *   - a key that is there twice is kept once and reported, because readers disagree on which one counts.
 */
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Document } from 'yaml'
import type { Place } from './finding.js'
import { Unreadable } from './unreadable.js'

/** A value: a scalar, a map (`fields`) or a list (`items`). */
export interface EnvoyNode {
  /** Of the key, if the value has one. */
  readonly at: Place
  readonly scalar: unknown
  readonly fields: ReadonlyMap<string, EnvoyNode>
  readonly items: readonly EnvoyNode[]
}

/** A file as a tree, and the keys that are in it twice. */
export interface EnvoyDocument {
  readonly root: EnvoyNode
  readonly repeatedKeys: readonly { readonly at: Place; readonly key: string }[]
}

// Far above any configuration; reached only by aliases of aliases.
const maxNodes = 200_000
const maxDepth = 200
const noFields: ReadonlyMap<string, EnvoyNode> = new Map()

/** Reads YAML or JSON. Throws Unreadable, with the place, and nothing else. */
export function parseEnvoyDocument(text: string, file: string): EnvoyDocument {
  const lines = new LineCounter()
  const document = parse(text, file, lines)
  const [fault] = document.errors
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset)
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  if (fault !== undefined) {
    const [sentence = 'this is not YAML'] = fault.message.split(/ at line \d+|; please use /)
    throw new Unreadable(placeAt(fault.pos[0]), sentence)
  }

  const repeatedKeys: { at: Place; key: string }[] = []
  const targets = new Map<unknown, unknown>()
  let nodes = 0
  function read(node: unknown, depth: number, at: Place | undefined): EnvoyNode {
    const place = at ?? placeAt(offsetOf(node))
    if (++nodes > maxNodes || depth > maxDepth) {
      throw new Unreadable(place, 'the file is nested too deeply, or its aliases multiply')
    }
    if (isAlias(node)) {
      // Finding an anchor is a walk through the document, and an alias may be read often.
      const target = targets.get(node) ?? node.resolve(document)
      if (target === undefined) {
        throw new Unreadable(
          placeAt(offsetOf(node)),
          `alias "*${node.source}" has no anchor before it`,
        )
      }
      targets.set(node, target)
      return read(target, depth + 1, place)
    }
    if (isSeq(node)) {
      const items = node.items.map((item) => read(item, depth + 1, undefined))
      return { at: place, scalar: undefined, fields: noFields, items }
    }
    if (!isMap(node)) {
      return {
        at: place,
        scalar: isScalar(node) ? node.value : undefined,
        fields: noFields,
        items: [],
      }
    }
    const fields = new Map<string, EnvoyNode>()
    for (const { key, value } of node.items) {
      const name = keyText(key)
      const keyPlace = placeAt(offsetOf(key))
      if (fields.has(name)) repeatedKeys.push({ at: keyPlace, key: name })
      else fields.set(name, read(value, depth + 1, keyPlace))
    }
    return { at: place, scalar: undefined, fields, items: [] }
  }
  return { root: read(document.contents, 0, undefined), repeatedKeys }
}

function parse(text: string, file: string, lineCounter: LineCounter): Document {
  try {
    // Envoy knows no merge keys; it takes a repeated key without a word.
    return parseDocument(text, { lineCounter, version: '1.1', uniqueKeys: false, merge: false })
  } catch {
    throw new Unreadable({ file, line: 1, column: 1 }, 'this is not YAML')
  }
}

function offsetOf(node: unknown): number {
  return isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? (node.range?.[0] ?? 0) : 0
}

/** A field's name in the spelling of the protos. Names with other characters than letters are no field names. */
function keyText(key: unknown): string {
  const text = isScalar(key) ? (key.source ?? String(key.value)) : ''
  if (!/^[a-z]+(?:[A-Z][a-z0-9]*)+$/.test(text)) return text
  return text.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

/** The value at a path of field names, if it is there. */
export function at(node: EnvoyNode | undefined, ...path: readonly string[]): EnvoyNode | undefined {
  return path.reduce((value, name) => value?.fields.get(name), node)
}

/** The items of the list at a path; none if it is not there. */
export function items(
  node: EnvoyNode | undefined,
  ...path: readonly string[]
): readonly EnvoyNode[] {
  return at(node, ...path)?.items ?? []
}

/** A text or number at a path, as text. */
export function text(node: EnvoyNode | undefined, ...path: readonly string[]): string | undefined {
  const scalar = at(node, ...path)?.scalar
  return typeof scalar === 'string' || typeof scalar === 'number' ? String(scalar) : undefined
}

/** Whether the value at a path is true, also as text, which Envoy takes as well. */
export function isTrue(node: EnvoyNode | undefined, ...path: readonly string[]): boolean {
  const scalar = at(node, ...path)?.scalar
  return scalar === true || scalar === 'true'
}

/** A number at a path. */
export function number(
  node: EnvoyNode | undefined,
  ...path: readonly string[]
): number | undefined {
  const value = Number(text(node, ...path) ?? NaN)
  return Number.isNaN(value) ? undefined : value
}

/** A duration at a path (`0.25s`), in seconds. */
export function seconds(
  node: EnvoyNode | undefined,
  ...path: readonly string[]
): number | undefined {
  const [, digits] = /^(\d*\.?\d+)s$/.exec(text(node, ...path) ?? '') ?? []
  return digits === undefined ? undefined : Number(digits)
}

/** The value and everything in it. */
export function* within(node: EnvoyNode): Generator<EnvoyNode> {
  yield node
  for (const field of node.fields.values()) yield* within(field)
  for (const item of node.items) yield* within(item)
}
