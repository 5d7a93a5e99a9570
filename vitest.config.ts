/**
 * The test lanes: `unit` needs nothing but Node; `manifests` renders what is deployed, with the tools of .venv; `interop`
 * drives the real peers.
 *
 * The rules are:
 *   - test files share the modules of their worker, because to import them 140 times took a third of the whole time; so a
 *     module keeps nothing from one test to the next, and neither does a test;
 *   - files run beside each other also on two cores, where vitest alone would take one: tests mostly wait;
 *   - those with the real peers still run one after the other: peers under load would make each other late.
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

const oneByOne = { isolate: true, maxWorkers: 1 }
const patient = { ...oneByOne, testTimeout: 120_000, hookTimeout: 120_000 }

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
      {
        test: {
          ...shared,
          ...oneByOne,
          name: 'manifests',
          include: ['test/manifests/**/*.test.ts'],
        },
      },
      {
        test: {
          ...shared,
          ...patient,
          name: 'interop',
          include: ['test/interop/**/*.test.ts'],
        },
      },
    ],
    coverage: { provider: 'v8', include: ['src/**'] },
  },
})
