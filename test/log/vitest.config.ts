/** The lane that runs last and reads what all the others logged. */
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: { include: ['test/log/*.test.ts'], allowOnly: false, passWithNoTests: false },
})
