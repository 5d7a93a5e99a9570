/** Nothing lies under deploy/ that no test has loaded: what is copied from there has been tried. */
import { execFileSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { join, normalize } from 'node:path'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { hookUpFiles } from '../support/hook-up-manifests.js'
import {
  componentFolders,
  deployYamlFiles,
  kustomizationFolders,
  renderKustomization,
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

/** The text of every test and of what supports it; one that loads a file names it. */
const tests = readdirSync('test', { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => readFileSync(`test/${path}`, 'utf8'))

it('every YAML file is rendered, or loaded by a test that names it', () => {
  const loaded = new Set([...rendered, ...chart, ...hookUpFiles])
  const others = deployYamlFiles.filter((file) => !loaded.has(file))
  expect(others.length).toBeGreaterThan(4)
  expect(others.filter((file) => !tests.some((text) => text.includes(file)))).toEqual([])
})

it('the PrometheusRule has the rules of deploy/prometheus/rules.yaml', () => {
  const folder = 'deploy/kubernetes/components/prometheus-rule'
  const file = readFileSync(`${folder}/prometheusrule.yaml`, 'utf8')
  const made = execFileSync(process.execPath, [`${folder}/generate.mjs`], { encoding: 'utf8' })
  expect(file, 'npm run prometheus-rule makes it anew').toBe(made)
  const { spec } = parse(file) as { spec: unknown }
  expect(spec).toEqual(parse(readFileSync('deploy/prometheus/rules.yaml', 'utf8')))
  // The alerts ask for a job: the operator names it after a label of the Service, which has to be this one.
  const jobs = [...file.matchAll(/job="([^"]*)"/g)].map(([, job]) => job)
  const metrics = renderKustomization('deploy/kubernetes/overlays/prometheus-operator')
  const monitor = metrics.find(({ kind }) => kind === 'ServiceMonitor')
  const service = metrics.find(({ metadata }) => metadata.name === 'scopegate-metrics')
  const label = service?.metadata.labels?.[monitor?.spec?.['jobLabel'] as string]
  expect(new Set(jobs)).toEqual(new Set([label]))
})
