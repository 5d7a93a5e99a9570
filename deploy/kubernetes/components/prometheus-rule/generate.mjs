/** Prints the PrometheusRule that has the rules of deploy/prometheus/rules.yaml; `npm run prometheus-rule` writes it. */
import { readFileSync } from 'node:fs'
import { parse, stringify } from 'yaml'

const rules = parse(readFileSync('deploy/prometheus/rules.yaml', 'utf8'))
const rule = {
  apiVersion: 'monitoring.coreos.com/v1',
  kind: 'PrometheusRule',
  metadata: {
    name: 'scopegate',
    namespace: 'scopegate',
    labels: { 'app.kubernetes.io/name': 'scopegate' },
  },
  spec: rules,
}
console.log(`# The rules of deploy/prometheus/rules.yaml, where their reasons are. Made by npm run prometheus-rule; do not edit.
# Change: add the label by which your Prometheus chooses, by a patch of your own.
${stringify(rule, { lineWidth: 0 }).trimEnd()}`)
