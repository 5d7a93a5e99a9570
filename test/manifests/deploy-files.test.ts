/** Nothing lies under deploy/ that no test has loaded: what is copied from there has been tried. */
import { readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { hookUpFiles } from '../support/hook-up-manifests.js'
import {
  componentFolders,
  deployYamlFiles,
  kustomizationFolders,
} from '../support/rendered-manifests.js'

interface Kustomization {
  readonly resources?: readonly string[]
  readonly configMapGenerator?: readonly { readonly files?: readonly string[] }[]
}

/** What kustomize reads; test/manifests/kustomize.test.ts renders all of it. */
const rendered = [...kustomizationFolders, ...componentFolders].flatMap((folder) => {
  const file = `${folder}/kustomization.yaml`
  const { resources = [], configMapGenerator = [] } = parse(
    readFileSync(file, 'utf8'),
  ) as Kustomization
  const named = [...resources, ...configMapGenerator.flatMap(({ files = [] }) => files)]
  return [file, ...named.map((name) => normalize(join(folder, name)))]
})

/** What belongs to the chart; test/manifests/helm.test.ts renders it. */
const chart = deployYamlFiles.filter((file) =>
  /^deploy\/helm\/scopegate\/(Chart|values|templates\/[\w-]+)\.yaml$/.test(file),
)

/** Files that a test loads by their name, and which test. A new file gets its test first, and its line here then. */
const byName: Readonly<Record<string, string>> = {
  'deploy/demo/scopegate.yaml': 'test/unit/config/schema.test.ts',
  'deploy/envoy/envoy-http.yaml': 'test/support/proxies/envoy-http.ts',
  'deploy/envoy/envoy.yaml': 'test/support/envoy.ts',
  'deploy/traefik/dynamic.yaml': 'test/support/proxies/traefik.ts',
  'deploy/traefik/traefik.yaml': 'test/support/proxies/traefik.ts',
}

it('every YAML file is loaded by a test', () => {
  const loaded = new Set([...rendered, ...chart, ...hookUpFiles, ...Object.keys(byName)])
  expect(deployYamlFiles.filter((file) => !loaded.has(file))).toEqual([])
})

it.each(Object.entries(byName))('%s is, by %s', (file, test) => {
  expect(deployYamlFiles).toContain(file)
  expect(dirname(test)).toMatch(/^test\//)
  expect(readFileSync(test, 'utf8')).toContain(file)
})
