/**
 * Every log line of every test goes to one file, so that a last test can prove that no token was ever logged.
 * The file is named by the environment; without it lines are only kept by the test that caused them.
 */
import { appendFileSync } from 'node:fs'

export function collectLogLine(line: string): void {
  const file = process.env['SCOPEGATE_TEST_LOG']
  if (file !== undefined) appendFileSync(file, line)
}
