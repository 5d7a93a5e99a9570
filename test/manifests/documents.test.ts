/** What docs/install.md, istio.md and envoy-gateway.md have people copy is what the tests validate. */
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { blocksOf } from '../support/document-blocks.js'
import { hookUpDocuments } from '../support/hook-up-manifests.js'
import { podSpecOf, type KubernetesObject } from '../support/kubernetes-objects.js'
import { checkConfigFiles, loadConfigFiles, mountedConfig } from '../support/mounted-config.js'
import { gateIn } from '../support/pod-life.js'
import {
  componentFolders,
  renderChart,
  renderKustomization,
} from '../support/rendered-manifests.js'

const pages = ['install', 'istio', 'envoy-gateway'].map((name) => ({
  name,
  text: readFileSync(`docs/${name}.md`, 'utf8'),
}))
const install = blocksOf(pages[0]!.text, 'yaml')

function installed(first: string): string {
  const found = install.filter((block) => block.startsWith(`# ${first}\n`))
  expect(found).toHaveLength(1)
  return found[0]!
}

describe.each(pages)('docs/$name.md', ({ text }) => {
  it('names only files and folders that there are', () => {
    const named = [...text.matchAll(/\bdeploy\/[\w./-]*\w/g)].map(([path]) => path)
    expect(named.length).toBeGreaterThan(3)
    expect(named.filter((path) => !existsSync(path))).toEqual([])
    const links = [...text.matchAll(/\]\(([^)#]+)/g)].map(([, path = '']) => join('docs', path))
    expect(links.filter((path) => !existsSync(path))).toEqual([])
  })
})

describe.each(pages.slice(1))('docs/$name.md', ({ text }) => {
  it('shows manifests that are in the files, word for word but for comments', () => {
    const documents = hookUpDocuments().map(({ manifest }) => manifest)
    const blocks = blocksOf(text, 'yaml').map((block) => parse(block) as KubernetesObject)
    expect(blocks.length).toBeGreaterThanOrEqual(2)
    for (const block of blocks) {
      const mesh = documents.find(({ meshConfig }) => meshConfig !== undefined)
      // Of the two providers the page shows one.
      const shown = 'meshConfig' in block ? withOtherProviders(block, mesh) : block
      expect(documents).toContainEqual(shown)
    }
  })
})

function withOtherProviders(block: object, mesh: unknown): object {
  const { meshConfig } = mesh as { meshConfig: { extensionProviders: unknown[] } }
  const shown = (block as { meshConfig: { extensionProviders: unknown[] } }).meshConfig
  const others = meshConfig.extensionProviders.slice(1)
  return { meshConfig: { ...shown, extensionProviders: [...shown.extensionProviders, ...others] } }
}

describe('docs/install.md', () => {
  const directory = mkdtempSync(join(tmpdir(), 'scopegate-install-'))
  symlinkSync(resolve('.'), join(directory, 'scopegate'))
  afterAll(() => {
    rmSync(directory, { recursive: true })
  })

  it.each([
    'base',
    'overlays/istio',
    'overlays/envoy-gateway',
    'overlays/ingress-nginx',
    'overlays/redis',
  ])('has a kustomization that brings the policy and the image to %s', async (folder) => {
    const kustomization = installed('kustomization.yaml').replace(
      'kubernetes/base',
      `kubernetes/${folder}`,
    )
    writeFileSync(join(directory, 'kustomization.yaml'), kustomization)
    writeFileSync(join(directory, 'policy.yaml'), installed('policy.yaml'))
    const objects = renderKustomization(directory)
    const pod = podSpecOf(objects.find(({ kind }) => kind === 'Deployment')!)!
    expect(gateIn(pod).image).toBe('registry.example.com/scopegate:0.1.0')
    const files = mountedConfig(pod, objects)
    expect(files['policy.yaml']).toBe(installed('policy.yaml'))
    expect(await checkConfigFiles(files)).toMatchObject({ code: 0 })
  })

  it('has values that the chart takes', async () => {
    const values = parse(installed('values.yaml')) as Record<string, unknown>
    const [one] = renderChart([{ name: 'scopegate', namespace: 'scopegate', values }])
    const { objects } = one as { objects: readonly KubernetesObject[] }
    const pod = podSpecOf(objects.find(({ kind }) => kind === 'Deployment')!)!
    expect(gateIn(pod).image).toBe('registry.example.com/scopegate:0.1.0')
    expect(await checkConfigFiles(mountedConfig(pod, objects))).toMatchObject({ code: 0 })
  })

  it('names every component', () => {
    const names = componentFolders.map((folder) => folder.split('/').at(-1)!)
    expect(names.filter((name) => !pages[0]!.text.includes(`\`${name}\``))).toEqual([])
  })

  it('has a policy that the machine of its own can use', async () => {
    const files = {
      'policy.yaml': installed('policy.yaml'),
      'listen.yaml': installed('listen.yaml'),
    }
    const { listen } = await loadConfigFiles(files)
    expect([listen.grpc, listen.admin].map((one) => one?.address.split(':')[0])).toEqual([
      '127.0.0.1',
      '127.0.0.1',
    ])
    expect(await checkConfigFiles(files)).toMatchObject({ code: 0 })
  })
})
