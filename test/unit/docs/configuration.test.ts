/** The YAML of the documents is good by the same check that operators run. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { configJsonSchema, loadConfig } from '../../../src/config/index.js'

async function yamlBlocks(document: string): Promise<readonly string[]> {
  const text = await readFile(document, 'utf8')
  return [...text.matchAll(/```yaml\n([^`]+)```/g)].map(([, block = '']) => block)
}

it.each([
  ['README.md', 1],
  ['docs/configuration.md', 5],
  ['docs/introspection.md', 2],
])('%s shows configurations that can be used', async (document, count) => {
  const blocks = await yamlBlocks(document)
  expect(blocks).toHaveLength(count)
  const directory = await mkdtemp(join(tmpdir(), 'scopegate-docs-'))
  const file = join(directory, 'scopegate.yaml')
  for (const block of blocks.filter((text) => text.includes('resources:'))) {
    await writeFile(file, block)
    const { policy } = await loadConfig(file)
    expect(policy.routes.length).toBeGreaterThan(0)
  }
  await rm(directory, { recursive: true })
})

it('names every key of the schema', async () => {
  const text = await readFile('docs/configuration.md', 'utf8')
  const keys = new Set<string>()
  collectKeys(configJsonSchema(), keys)
  expect([...keys].filter((key) => !text.includes(key))).toEqual([])
})

function collectKeys(schema: unknown, keys: Set<string>): void {
  if (typeof schema !== 'object' || schema === null) return
  const { properties } = schema as { properties?: object }
  for (const key of Object.keys(properties ?? {})) keys.add(key)
  for (const value of Object.values(schema)) collectKeys(value, keys)
}
