/**
 * Every preset: the configuration that the documentation shows for it takes the provider's access tokens and refuses,
 * each for its reason, everything else that the provider signs. Through a whole gate and its gRPC door.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { presetNames, presets } from '../../../src/config/presets.js'
import type { Preset } from '../../../src/config/preset.js'
import { loadConfigText, problemsOfText } from '../../support/config-text.js'
import {
  presetConfig,
  presetKey,
  presetSections,
  presetsWithTokens,
  presetToken,
  presetTokens,
} from '../../support/preset-tokens.js'
import { startTestGate, type TestGate } from '../../support/test-gate.js'

interface Shown {
  issuers: [{ id: string; issuer?: string; issuerTemplate?: string; keys?: object }]
  resources: object[]
}

describe('presets', () => {
  it('have a file of tokens each, and a section of the page', () => {
    expect([...presetsWithTokens()].sort()).toEqual([...presetNames].sort())
    expect([...presetSections().keys()].sort()).toEqual([...presetNames].sort())
  })

  it.each(presetNames)('%s has a token that passes and four that do not', (name) => {
    const { accepted, refused } = presetTokens(name)
    expect(accepted.length).toBeGreaterThanOrEqual(1)
    expect(refused.length).toBeGreaterThanOrEqual(4)
    expect(new Set(refused.map(({ name: title }) => title)).size).toBe(refused.length)
  })

  it.each(presetNames)('%s says what form an issuer must have in a sentence that helps', (name) => {
    const { issuerForm }: Preset = presets[name]
    expect(issuerForm === undefined).toBe(presetTokens(name).badIssuers.length === 0)
    expect(issuerForm?.hint ?? 'https').toMatch(/https|issuer/)
  })
})

describe.each(presetNames)('%s', (name) => {
  const tokens = presetTokens(name)
  const shown = parse(presetConfig(name)) as Shown
  const [issuer] = shown.issuers
  let gate: TestGate

  beforeAll(async () => {
    const { jwk } = await presetKey(tokens.algorithm)
    gate = await startTestGate({
      ...shown,
      // A key of a template says whom it serves.
      issuers: [
        { ...issuer, keys: { jwks: { keys: [{ ...jwk, issuer: issuer.issuerTemplate }] } } },
      ],
    })
  })
  afterAll(async () => {
    await gate.close()
  })

  async function reasonOf(change: Parameters<typeof presetToken>[2]): Promise<string | undefined> {
    const token = await presetToken(tokens, issuer.issuer ?? '', change)
    const answer = await gate.client.check({
      path: '/orders',
      headers: { authorization: `Bearer ${token}` },
    })
    const reason = answer.metadata['reason']
    expect(answer.code === 0).toBe(reason === 'none')
    return reason
  }

  it('is shown with a configuration that can be used as it is', async () => {
    const { issuerKeys } = await loadConfigText(presetConfig(name))
    const [source] = issuerKeys.map((options) => options.source)
    const url = source !== undefined && 'url' in source ? source.url : undefined
    const jwksUri = source !== undefined && 'jwksUri' in source ? source.jwksUri : undefined
    expect(url ?? jwksUri ?? source?.kind).toBe(tokens.keys)
  })

  it.each(tokens.accepted.map((change) => [change.name, change] as const))(
    'takes %s',
    async (_title, change) => {
      expect(await reasonOf(change)).toBe('none')
    },
  )

  it.each(tokens.refused.map((change) => [change.name, change] as const))(
    'refuses %s',
    async (_title, change) => {
      expect(await reasonOf(change)).toBe(change.reason)
    },
  )

  it.each(tokens.badIssuers)('is not for the issuer %s', async (bad) => {
    const key = issuer.issuer === undefined ? 'issuerTemplate' : 'issuer'
    const problems = await problemsOfText(
      stringify({ ...shown, issuers: [{ ...issuer, [key]: bad }] }),
    )
    const place = `3:${String(`    ${key}: `.length + 1)}`
    expect(problems).toContain(`${place}: "${bad}" is no issuer of the preset "${name}"`)
  })
})
