/** The configurations of the page on policy can be used as they are. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { loadConfigText } from '../../support/config-text.js'
import { blocksOf } from '../../support/document-blocks.js'

const blocks = blocksOf(readFileSync('docs/policy.md', 'utf8'), 'yaml')

it.each(blocks.map((block, index) => [index + 1, block]))('block %i is good', async (_, block) => {
  const { policy } = await loadConfigText(block)
  expect(policy.routes.length).toBeGreaterThan(0)
})
