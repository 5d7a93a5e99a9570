/** Every reason leads to a place in the docs. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { reasonAnswers, reasons } from '../../../src/check/index.js'
import { sectionsOf } from '../../support/document-blocks.js'

const page = readFileSync('docs/reasons.md', 'utf8')
const sections = sectionsOf(page)

it.each([...reasons])('%s is explained, with its status', (reason) => {
  expect(sections.get(reason)).toMatch(new RegExp(`^${String(reasonAnswers[reason].httpStatus)}`))
})

it('explains nothing that does not exist', () => {
  expect([...sections.keys()].filter((name) => !(reasons as string[]).includes(name))).toEqual([])
})
