/**
 * Writes the schema of one kind in one version out of a file of CustomResourceDefinitions, or of a protobuf message:
 *
 *   node extract.mjs FILE.yaml KIND VERSION          to <group>_<kind>_<version>.json
 *   node extract.mjs FILE.proto PACKAGE.MESSAGE      to <package>_<message>.json
 *
 * What is left out: `description`s, and `status`, which nobody writes into a manifest.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { parseAllDocuments } from 'yaml'
import { schemaOfMessage } from './proto-schema.mjs'

const [file, name, version] = process.argv.slice(2)
if (file === undefined || name === undefined) throw new Error('usage: see the top of this script')
const [target, schema] = file.endsWith('.proto')
  ? fromProto(file, name)
  : fromCrds(file, name, version)
writeFileSync(new URL(target, import.meta.url), `${JSON.stringify(schema)}\n`)

function fromProto(path, message) {
  const dot = message.lastIndexOf('.')
  return [`${message.slice(0, dot)}_${message.slice(dot + 1)}.json`, schemaOfMessage(path, message)]
}

function fromCrds(path, kind, version) {
  // A chart's template wraps the definition in lines of its own.
  const text = readFileSync(path, 'utf8').replace(/^\{\{.*\n/gm, '')
  const crds = parseAllDocuments(text).map((document) => document.toJS())
  const spec = crds.find((crd) => crd?.spec?.names?.kind === kind)?.spec
  const schema = spec?.versions.find(({ name }) => name === version)?.schema.openAPIV3Schema
  if (schema === undefined) throw new Error(`${path} has no ${kind} ${version}`)
  delete schema.properties.status
  return [`${spec.group}_${kind}_${version}.json`, withoutDescriptions(schema)]
}

/** A property that is called `description` is an object and stays. */
function withoutDescriptions(value) {
  if (Array.isArray(value)) return value.map(withoutDescriptions)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, item]) => key !== 'description' || typeof item !== 'string')
      .map(([key, item]) => [key, withoutDescriptions(item)]),
  )
}
