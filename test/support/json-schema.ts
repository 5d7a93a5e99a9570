/**
 * Whether a value is valid under a JSON Schema (2020-12), for the keywords that our schema uses. A keyword that is not
 * known here throws, so that no test passes because something was not looked at.
 */
import { isDeepStrictEqual } from 'node:util'

type Schema = Readonly<Record<string, unknown>>
type Check = (argument: unknown, value: unknown, schema: Schema, root: Schema) => boolean

/** Whether the value is valid. Annotations do not count. */
export function isValid(schema: unknown, value: unknown, root: Schema = schema as Schema): boolean {
  if (typeof schema === 'boolean') return schema
  return Object.entries(schema as Schema).every(([keyword, argument]) => {
    const check = checks[keyword]
    if (check === undefined) throw new Error(`unknown keyword ${keyword}`)
    return check(argument, value, schema as Schema, root)
  })
}

const annotation: Check = () => true
const forText =
  (check: (argument: never, text: string) => boolean): Check =>
  (argument, value) =>
    typeof value !== 'string' || check(argument as never, value)
const forNumber =
  (check: (argument: number, value: number) => boolean): Check =>
  (argument, value) =>
    typeof value !== 'number' || check(argument as number, value)
const forList =
  (check: (argument: never, value: readonly unknown[], root: Schema) => boolean): Check =>
  (argument, value, _schema, root) =>
    !Array.isArray(value) || check(argument as never, value, root)
const forMap =
  (check: (argument: never, value: Schema, schema: Schema, root: Schema) => boolean): Check =>
  (argument, value, schema, root) =>
    !isMap(value) || check(argument as never, value, schema, root)

const checks: Readonly<Record<string, Check>> = {
  $schema: annotation,
  $defs: annotation,
  id: annotation,
  title: annotation,
  description: annotation,
  default: annotation,
  $ref: (argument, value, _schema, root) => isValid(resolve(root, String(argument)), value, root),
  type: (argument, value) => [argument].flat().some((type) => hasType(type, value)),
  const: (argument, value) => isDeepStrictEqual(argument, value),
  enum: (argument, value) =>
    (argument as unknown[]).some((allowed) => isDeepStrictEqual(allowed, value)),
  anyOf: (argument, value, _schema, root) =>
    (argument as unknown[]).some((one) => isValid(one, value, root)),
  allOf: (argument, value, _schema, root) =>
    (argument as unknown[]).every((one) => isValid(one, value, root)),
  pattern: forText((pattern: string, text) => new RegExp(pattern, 'u').test(text)),
  minLength: forText((length: number, text) => text.length >= length),
  maxLength: forText((length: number, text) => text.length <= length),
  minimum: forNumber((bound, value) => value >= bound),
  maximum: forNumber((bound, value) => value <= bound),
  exclusiveMinimum: forNumber((bound, value) => value > bound),
  exclusiveMaximum: forNumber((bound, value) => value < bound),
  minItems: forList((length: number, list) => list.length >= length),
  items: forList((schema: Schema, list, root) => list.every((item) => isValid(schema, item, root))),
  required: forMap((keys: string[], map) => keys.every((key) => Object.hasOwn(map, key))),
  properties: forMap((properties: Record<string, unknown>, map, _schema, root) =>
    Object.entries(properties).every(
      ([key, schema]) => !Object.hasOwn(map, key) || isValid(schema, map[key], root),
    ),
  ),
  propertyNames: forMap((schema: Schema, map, _schema, root) =>
    Object.keys(map).every((key) => isValid(schema, key, root)),
  ),
  additionalProperties: forMap((schema: Schema | boolean, map, { properties }, root) =>
    Object.entries(map).every(
      ([key, item]) => Object.hasOwn(properties ?? {}, key) || isValid(schema, item, root),
    ),
  ),
}

/** Whether a value is of a type of JSON Schema. Throws on a type that there is not. */
export function hasType(type: unknown, value: unknown): boolean {
  switch (type) {
    case 'object':
      return isMap(value)
    case 'array':
      return Array.isArray(value)
    case 'integer':
      return Number.isInteger(value)
    case 'string':
    case 'number':
    case 'boolean':
      return typeof value === type
    default:
      throw new Error(`unknown type ${String(type)}`)
  }
}

function isMap(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function resolve(root: Schema, reference: string): unknown {
  if (!reference.startsWith('#')) throw new Error(`unknown reference ${reference}`)
  return reference
    .slice(1)
    .split('/')
    .filter((token) => token !== '')
    .reduce<unknown>((value, token) => (isMap(value) ? value[token] : undefined), root)
}
