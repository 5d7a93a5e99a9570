/**
 * The test lanes: `unit` needs nothing but Node; `manifests` renders what is deployed, with the tools of .venv; `interop`
 * drives the real peers.
 */
import { defineConfig } from 'vitest/config'

const shared = {
  allowOnly: false,
  passWithNoTests: false,
  testTimeout: 20_000,
  hookTimeout: 30_000,
}

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
          name: 'interop',
          include: ['test/interop/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
    coverage: { provider: 'v8', include: ['src/**'] },
  },
})
