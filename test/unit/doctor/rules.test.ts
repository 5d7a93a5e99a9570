/** Every rule finds what it is for, where it stands, and nothing else; good files are good. */
import { describe, expect, it } from 'vitest'
import { doctorRules } from '../../../src/doctor/index.js'
import { envoyConnectionCases } from './envoy-connection-cases.js'
import { envoyFilterCases } from './envoy-filter-cases.js'
import { edited, goodFiles, seenIn, shippedFiles } from './examined.js'
import { nginxCases } from './nginx-cases.js'
import { nginxIdentityCases } from './nginx-identity-cases.js'

const cases = [...envoyConnectionCases, ...envoyFilterCases, ...nginxCases, ...nginxIdentityCases]

describe('a good file', () => {
  it.each([...new Set([...shippedFiles, ...Object.values(goodFiles)])])(
    '%s has no finding',
    (file) => {
      expect(seenIn(edited(file, []))).toEqual([])
    },
  )
})

describe('a file with one thing changed', () => {
  it.each(cases.map((each) => [each.name, each] as const))(
    '%s',
    (_name, { base, edits, finds }) => {
      const seen = seenIn(edited(base, edits))
      expect(seen).toEqual(
        finds.map(([rule, line]) => [rule, expect.stringContaining(line) as string]),
      )
    },
  )
})

describe('the rules', () => {
  it('have names of their own', () => {
    const ids = doctorRules.map(({ id }) => id)
    expect([...new Set(ids)]).toEqual(ids)
  })

  it.each(doctorRules.map(({ id }) => id))('%s has a case', (id) => {
    expect(cases.some(({ finds }) => finds.some(([rule]) => rule === id))).toBe(true)
  })
})
