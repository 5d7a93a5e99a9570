/**
 * The test lanes: `unit` needs nothing but Node; `manifests` renders what is deployed, with the tools of .venv; `interop`
 * drives the real peers, and `interop-alone` those that a test keeps busy, or holds to a second.
 *
 * The rules are:
 *   - test files share the modules of their worker, because to import them 140 times took a third of the whole time; so a
 *     module keeps nothing from one test to the next, and neither does a test;
 *   - files run beside each other also on two cores, where vitest alone would take one: tests mostly wait.
 */
import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

const shared = {
  isolate: false,
  maxWorkers: Math.max(2, availableParallelism() - 1),
  allowOnly: false,
  passWithNoTests: false,
  // No test is slow; these are for a machine that has much else to do.
  testTimeout: 60_000,
  hookTimeout: 60_000,
}

const patient = { testTimeout: 120_000, hookTimeout: 120_000 }

/** A neighbour would make them fail for want of a core, as a neighbour of Envoy or Redis would. */
const alone = ['envoy-shutdown', 'revocation-access', 'revocation-redis', 'rolling-restart'].map(
  (name) => `test/interop/${name}.test.ts`,
)

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...shared,
          name: 'unit',
          include: ['test/{unit,contract,property,types}/**/*.test.ts'],
        },
      },
      { test: { ...shared, name: 'manifests', include: ['test/manifests/**/*.test.ts'] } },
      {
        test: {
          ...shared,
          ...patient,
          name: 'interop',
          include: ['test/interop/**/*.test.ts'],
          exclude: alone,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...shared,
          ...patient,
          name: 'interop-alone',
          include: alone,
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
        },
      },
    ],
    coverage: { provider: 'v8', include: ['src/**'] },
  },
})
