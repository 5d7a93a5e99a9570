/** Each alert says what to do, and each way to get at a section of the runbook leads to one. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { selectorsIn, shippedRules } from '../../support/alert-rules.js'
import { sectionsOf } from '../../support/document-blocks.js'

const page = readFileSync('docs/runbooks.md', 'utf8')
const sections = sectionsOf(page)
const rules = shippedRules().groups.flatMap((group) => group.rules)
const names = rules.map(({ alert }) => alert)

interface Case {
  readonly name: string
  readonly alert_rule_test: readonly { alertname: string; exp_alerts: readonly unknown[] }[]
}
const { tests: cases } = parse(
  readFileSync('test/vectors/prometheus/alerts.test.yaml', 'utf8'),
) as { tests: Case[] }

describe.each(rules)('$alert', ({ alert, expr, labels, annotations }) => {
  it('has a runbook of more than a line', () => {
    expect(annotations.runbook).toBe(`docs/runbooks.md#${alert.toLowerCase()}`)
    expect(sections.get(alert)?.length).toBeGreaterThan(150)
  })

  it('has a severity and asks for metrics of the shipped job only', () => {
    expect(['critical', 'warning']).toContain(labels.severity)
    const selectors = selectorsIn(expr)
    expect(selectors).not.toEqual([])
    expect(selectors.filter((selector) => !selector.includes('job="scopegate"'))).toEqual([])
  })

  it('has a case in which it fires and one in which it does not', () => {
    const expected = cases
      .filter(({ name }) => name.startsWith(`${alert} `))
      .map(({ alert_rule_test: checks }) =>
        checks.some((one) => one.alertname === alert && one.exp_alerts.length > 0),
      )
    expect(expected).toContain(true)
    expect(expected).toContain(false)
  })
})

it('the runbooks have no section for what is no alert', () => {
  expect([...sections.keys()].filter((name) => !names.includes(name))).toEqual([])
})

it('the cases are of alerts that exist', () => {
  const tested = cases.flatMap((one) => one.alert_rule_test.map(({ alertname }) => alertname))
  expect(tested.filter((name) => !names.includes(name))).toEqual([])
})
