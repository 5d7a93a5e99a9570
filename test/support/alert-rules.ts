/** The alert rules that are shipped, read. */
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'

export const rulesFile = 'deploy/prometheus/rules.yaml'

/** One rule. */
export interface AlertRule {
  readonly alert: string
  readonly expr: string
  readonly labels: { readonly severity: string }
  readonly annotations: { readonly summary: string; readonly runbook: string }
}

/** A file of rules. */
export interface RuleFile {
  readonly groups: readonly { readonly name: string; readonly rules: readonly AlertRule[] }[]
}

/** The file as it is. Does not check it; promtool does. */
export function shippedRules(): RuleFile {
  return parse(readFileSync(rulesFile, 'utf8')) as RuleFile
}

/** What an expression asks Prometheus for: each name of a metric with its labels, once. */
export function selectorsIn(expr: string): string[] {
  return [...new Set(expr.match(/\b[a-z][a-z0-9_]*\{[^}]*\}/g))]
}
