/** `scopegate check-config`: every problem of a configuration, without running it. */
import { ConfigError, configJsonSchema, formatProblem, loadConfig } from '../config/index.js'
import { exitCode } from './exit-code.js'

/** Where a command writes. */
export interface Output {
  readonly out: (text: string) => void
  readonly error: (text: string) => void
}

/** Checks a file or directory and says what is wrong. Resolves to the exit code. */
export async function checkConfig(path: string, output: Output): Promise<number> {
  try {
    const { policy, trustedIssuers } = await loadConfig(path)
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
export function printProblems(error: ConfigError, output: Output): void {
  for (const problem of error.problems) output.error(formatProblem(problem))
  output.error(counted(error.problems.length, 'problem'))
}

function counted(count: number, noun: string): string {
  return `${String(count)} ${noun}${count === 1 ? '' : 's'}`
}
