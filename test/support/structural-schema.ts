/**
 * What is wrong with a value under the schema of a CustomResourceDefinition, as strict as `kubectl apply` with server-side
 * field validation: a field that the schema does not name is a problem.
 *
 * A keyword that is not known here throws, so that no test passes because something was not looked at. Rules in CEL
 * (`x-kubernetes-validations`) cannot be run here.
 */
import { isDeepStrictEqual } from 'node:util'
import { hasType } from './json-schema.js'

export type Schema = Readonly<Record<string, unknown>>
type Check = (argument: never, value: unknown, at: At) => readonly string[]

/** Where the check is. */
interface At {
  readonly path: string
  readonly schema: Schema
  /** False below allOf, anyOf, oneOf and not, which say what fields are like, not which there are. */
  readonly isStrict: boolean
}

/** One line a problem, each with the path of the field; none if the value is good. */
export function problemsIn(
  schema: Schema,
  value: unknown,
  path = '',
  isStrict = true,
): readonly string[] {
  if (value === null && schema['nullable'] === true) return []
  return Object.entries(schema).flatMap(([keyword, argument]) => {
    const check = checks[keyword]
    if (check === undefined) throw new Error(`unknown keyword ${keyword}`)
    return check(argument as never, value, { path, schema, isStrict })
  })
}

const annotation: Check = () => []
const when =
  <T>(is: (value: unknown) => value is T, isGood: (argument: never, value: T) => boolean): Check =>
  (argument, value, { path }) =>
    !is(value) || isGood(argument, value)
      ? []
      : [`${path}: ${JSON.stringify(value)} is not what ${JSON.stringify(argument)} asks for`]

const checks: Readonly<Record<string, Check>> = {
  default: annotation,
  description: annotation,
  example: annotation,
  format: annotation,
  nullable: annotation, // Looked at where null is.
  'x-kubernetes-list-map-keys': annotation,
  'x-kubernetes-list-type': annotation,
  'x-kubernetes-map-type': annotation,
  'x-kubernetes-preserve-unknown-fields': annotation, // Looked at where fields are.
  'x-kubernetes-validations': annotation,
  additionalProperties: annotation, // Looked at where fields are.
  properties: annotation, // Looked at where fields are.
  'x-kubernetes-int-or-string': (_argument, value, { path }) =>
    typeof value === 'string' || Number.isInteger(value) ? [] : [`${path}: is no integer or text`],
  type: (type: string, value, at) => {
    if (!hasType(type, value)) return [`${at.path}: is not of type ${type}`]
    return isMap(value) ? problemsInFields(value, at) : []
  },
  required: (keys: readonly string[], value, { path }) =>
    isMap(value)
      ? keys.filter((key) => !Object.hasOwn(value, key)).map((key) => `${path}.${key}: is missing`)
      : [],
  items: (schema: Schema, value, { path, isStrict }) =>
    Array.isArray(value)
      ? value.flatMap((item, i) => problemsIn(schema, item, `${path}[${String(i)}]`, isStrict))
      : [],
  enum: (allowed: readonly unknown[], value, { path }) =>
    allowed.some((one) => isDeepStrictEqual(one, value))
      ? []
      : [`${path}: ${JSON.stringify(value)} is none of ${JSON.stringify(allowed)}`],
  allOf: (schemas: readonly Schema[], value, { path }) =>
    schemas.flatMap((schema) => problemsInBranch(schema, value, path)),
  anyOf: (schemas: readonly Schema[], value, { path }) =>
    fitting(schemas, value) > 0 ? [] : [`${path}: fits none of anyOf`],
  oneOf: (schemas: readonly Schema[], value, { path }) =>
    fitting(schemas, value) === 1 ? [] : [`${path}: does not fit one of oneOf`],
  not: (schema: Schema, value, { path }) =>
    fitting([schema], value) === 0 ? [] : [`${path}: fits what it must not`],
  pattern: when(isText, (pattern: string, text) => new RegExp(pattern).test(text)),
  minLength: when(isText, (length: number, text) => text.length >= length),
  maxLength: when(isText, (length: number, text) => text.length <= length),
  minimum: (bound: number, value, { path, schema }) =>
    typeof value !== 'number' ||
    (schema['exclusiveMinimum'] === true ? value > bound : value >= bound)
      ? []
      : [`${path}: ${String(value)} is below ${String(bound)}`],
  maximum: (bound: number, value, { path, schema }) =>
    typeof value !== 'number' ||
    (schema['exclusiveMaximum'] === true ? value < bound : value <= bound)
      ? []
      : [`${path}: ${String(value)} is above ${String(bound)}`],
  exclusiveMinimum: annotation, // Looked at where `minimum` is.
  exclusiveMaximum: annotation, // Looked at where `maximum` is.
  minItems: when(Array.isArray, (length: number, list) => list.length >= length),
  maxItems: when(Array.isArray, (length: number, list) => list.length <= length),
  minProperties: when(isMap, (count: number, map) => Object.keys(map).length >= count),
  maxProperties: when(isMap, (count: number, map) => Object.keys(map).length <= count),
}

/** An object's fields: each under its schema, and none that has no schema. */
function problemsInFields(value: Schema, { path, schema, isStrict }: At): readonly string[] {
  const properties = (schema['properties'] ?? {}) as Readonly<Record<string, Schema>>
  const others = schema['additionalProperties']
  const isOpen =
    !isStrict || others === true || schema['x-kubernetes-preserve-unknown-fields'] === true
  return Object.entries(value).flatMap(([key, item]) => {
    const own = Object.hasOwn(properties, key) ? properties[key] : others
    if (isMap(own)) return problemsIn(own, item, `${path}.${key}`, isStrict)
    return isOpen ? [] : [`${path}.${key}: unknown field`]
  })
}

/** Of allOf, anyOf, oneOf and not. A branch without a type still says what its fields are like. */
function problemsInBranch(schema: Schema, value: unknown, path: string): readonly string[] {
  const fields =
    isMap(value) && !Object.hasOwn(schema, 'type')
      ? problemsInFields(value, { path, schema, isStrict: false })
      : []
  return [...fields, ...problemsIn(schema, value, path, false)]
}

function fitting(schemas: readonly Schema[], value: unknown): number {
  return schemas.filter((schema) => problemsInBranch(schema, value, '').length === 0).length
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function isMap(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
