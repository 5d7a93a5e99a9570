/** `scopegate check-config`: every problem of a configuration, without running it. */
import {
  ConfigError,
  configJsonSchema,
  explainConfig,
  formatProblem,
  loadConfig,
  type ExplainedIssuer,
} from '../config/index.js'
import { exitCode } from './exit-code.js'
import { unreadableFiles } from './unreadable-files.js'

/** Where a command writes. */
export interface Output {
  readonly out: (text: string) => void
  readonly error: (text: string) => void
}

/** How a check answers. */
export interface CheckConfigOptions {
  /** Also says what is in force for each issuer, and where it came from. */
  readonly explain: boolean
}

/**
 * Checks a file or directory and says what is wrong. Files that it names and that cannot be read are warnings. Resolves to
 * the exit code.
 */
export async function checkConfig(
  path: string,
  output: Output,
  { explain }: CheckConfigOptions = { explain: false },
): Promise<number> {
  try {
    const { policy, trustedIssuers } = await loadConfig(path)
    // Not a problem: secrets need not be where a configuration is reviewed.
    for (const problem of await unreadableFiles(path)) {
      output.error(`warning: ${formatProblem(problem)}`)
    }
    if (explain) printIssuers(await explainConfig(path), output)
    output.out(
      `${path}: good (${counted(policy.routes.length, 'route')}, ${counted(trustedIssuers.length, 'issuer')})`,
    )
    return exitCode.good
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    printProblems(error, output)
    return exitCode.problems
  }
}

/** Prints the JSON Schema of the configuration, for editors. */
export function printSchema(output: Output): number {
  output.out(JSON.stringify(configJsonSchema(), null, 2))
  return exitCode.good
}

/** Prints every problem, and how many there are. */
function printProblems(error: ConfigError, output: Output): void {
  for (const problem of error.problems) output.error(formatProblem(problem))
  output.error(counted(error.problems.length, 'problem'))
}

/** A table for each issuer: key, value, origin. */
function printIssuers(issuers: readonly ExplainedIssuer[], output: Output): void {
  for (const { id, values } of issuers) {
    const width = (of: 'key' | 'value'): number => Math.max(...values.map((row) => row[of].length))
    const [key, value] = [width('key'), Math.min(width('value'), maxColumn)]
    output.out(`issuer ${id}`)
    for (const row of values) {
      output.out(`  ${row.key.padEnd(key)}  ${row.value.padEnd(value)}  ${row.origin}`)
    }
    output.out('')
  }
}

/** Longer values push their origin to the right instead of everybody's. */
const maxColumn = 48

/** A number of things, in words. */
export function counted(count: number, noun: string): string {
  return `${String(count)} ${noun}${count === 1 ? '' : 's'}`
}
