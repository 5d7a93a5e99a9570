/** The manifests of deploy/hook-up, and the schemas that there are for them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { parseAllDocuments } from 'yaml'
import type { Schema } from './structural-schema.js'

/** What is in one document. */
export type Manifest = Readonly<Record<string, unknown>> & {
  readonly apiVersion?: string
  readonly kind?: string
}

/** What tells which schema is meant. */
interface Identified {
  readonly apiVersion?: string
  readonly kind?: string
  readonly meshConfig?: unknown
}

/** One document of one file. */
export interface HookUpDocument {
  readonly file: string
  /** `kind` in the file; `values` for what a chart reads. */
  readonly name: string
  readonly manifest: Manifest
  /** Undefined where there is none: the file says so itself then. */
  readonly schema: Schema | undefined
}

const root = 'deploy/hook-up'

/** Paths from the root of the repository; a kustomization.yaml only lists the others. */
export const hookUpFiles: readonly string[] = readdirSync(root, {
  recursive: true,
  encoding: 'utf8',
})
  .filter((path) => path.includes('.') && !path.endsWith('kustomization.yaml'))
  .map((path) => `${root}/${path}`)
  .sort()

/** Every document, in order. Throws when a file is no YAML. */
export function hookUpDocuments(): readonly HookUpDocument[] {
  return hookUpFiles.flatMap((file) =>
    parseAllDocuments(readFileSync(file, 'utf8'), { uniqueKeys: true }).map((document) => {
      if (document.errors.length > 0) throw new Error(`${file}: ${document.errors.join(', ')}`)
      const manifest = document.toJS() as Manifest
      const name = manifest.kind ?? 'values'
      return { file, name, manifest, schema: schemaOf(manifest) }
    }),
  )
}

/** The schema of a custom resource, made stricter where definitions say little; undefined where there is none. */
export function schemaOf(manifest: Identified): Schema | undefined {
  if (manifest.meshConfig !== undefined) {
    const meshConfig = vector('istio.mesh.v1alpha1_MeshConfig')
    return { type: 'object', required: ['meshConfig'], properties: { meshConfig } }
  }
  const [group = '', version = ''] = (manifest.apiVersion ?? '').split('/')
  const schema = vector(`${group}_${manifest.kind ?? ''}_${version}`)
  if (schema === undefined) return undefined
  // A definition says little about these, or nothing; what follows is what a manifest of ours needs.
  const text = { type: 'string' }
  const texts = { type: 'object', additionalProperties: text }
  const metadata = {
    type: 'object',
    required: ['name', 'namespace'],
    properties: { name: text, namespace: text, labels: texts, annotations: texts },
  }
  const own = { apiVersion: text, kind: text, metadata }
  const properties = { ...(schema['properties'] as object), ...own }
  return { ...schema, properties, required: ['apiVersion', 'kind', 'metadata', 'spec'] }
}

function vector(name: string): Schema | undefined {
  const file = `test/vectors/crd-schemas/${name}.json`
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Schema) : undefined
}
