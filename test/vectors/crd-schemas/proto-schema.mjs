/**
 * The JSON form of a protobuf message (ProtoJSON, lowerCamelCase names only) as a schema in the words of a CRD.
 *
 * Messages of other packages are not looked into: any object is good there. Fields marked deprecated are left out, so
 * that a manifest which uses one fails.
 */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import protobuf from 'protobufjs'

const scalars = {
  bool: { type: 'boolean' },
  string: { type: 'string' },
  bytes: { type: 'string' },
  float: { type: 'number' },
  double: { type: 'number' },
  int32: { type: 'integer' },
  sint32: { type: 'integer' },
  uint32: { type: 'integer', minimum: 0, maximum: 4294967295 },
  int64: { 'x-kubernetes-int-or-string': true },
  uint64: { 'x-kubernetes-int-or-string': true },
  'google.protobuf.Duration': { type: 'string', pattern: '^[0-9]+(\\.[0-9]{1,9})?s$' },
  'google.protobuf.BoolValue': { type: 'boolean' },
  'google.protobuf.StringValue': { type: 'string' },
  'google.protobuf.Int32Value': { type: 'integer' },
  'google.protobuf.UInt32Value': { type: 'integer', minimum: 0 },
  'google.protobuf.DoubleValue': { type: 'number' },
}
const anything = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }

/** The schema of a message that is defined in a file, or in what the file imports. */
export function schemaOfMessage(file, name) {
  const root = new protobuf.Root()
  root.resolvePath = (_origin, target) => resolve(file, target)
  root.loadSync(file)
  root.resolveAll()
  return ofMessage(root.lookupType(name), name.slice(0, name.lastIndexOf('.')), [])
}

/** Imports start at the root of the module, or in its copies of common files; some come with the parser. */
function resolve(file, target) {
  if (target === file || protobuf.common.get(target) !== null) return target
  for (let folder = dirname(file); folder !== dirname(folder); folder = dirname(folder)) {
    const found = [join(folder, target), join(folder, 'common-protos', target)].find(existsSync)
    if (found !== undefined) return found
  }
  throw new Error(`${target} was not found`)
}

function ofMessage(message, scope, within) {
  if (within.includes(message)) return anything // A message inside itself.
  const fields = message.fieldsArray.filter(({ options }) => options?.deprecated !== true)
  const properties = fields.map((field) => [
    protobuf.util.camelCase(field.name),
    ofField(field, scope, [...within, message]),
  ])
  return { type: 'object', properties: Object.fromEntries(properties) }
}

function ofField(field, scope, within) {
  field.resolve()
  const one = ofType(field, scope, within)
  if (field.map) return { type: 'object', additionalProperties: one }
  return field.repeated ? { type: 'array', items: one } : one
}

function ofType({ type, resolvedType }, scope, within) {
  if (resolvedType === null) return scalars[type] ?? anything
  const fullName = resolvedType.fullName.slice(1)
  if (scalars[fullName] !== undefined) return scalars[fullName]
  if (resolvedType instanceof protobuf.Enum) {
    return { type: 'string', enum: Object.keys(resolvedType.values) }
  }
  return fullName.startsWith(`${scope}.`) ? ofMessage(resolvedType, scope, within) : anything
}
