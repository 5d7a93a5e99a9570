/** One thing that is wrong with a configuration: where, what, and how to mend it. */

/** Where something stands in the configuration as a value: keys and list places from the top. */
export type ConfigPath = readonly (string | number)[]

/** A problem before its place is known as line and column. */
export interface Finding {
  readonly path: ConfigPath
  /** Points at the key instead of the value. */
  readonly atKey?: boolean
  readonly message: string
  readonly hint?: string
}

/** A problem as it is shown. Lines and columns count from 1. */
export interface Problem {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly message: string
  readonly hint: string | undefined
}

/** The problem as lines: `file:line:column: message`, and the hint below it. */
export function formatProblem({ file, line, column, message, hint }: Problem): string {
  const text = `${file}:${String(line)}:${String(column)}: ${message}`
  return hint === undefined ? text : `${text}\n  hint: ${hint}`
}

/** A configuration that cannot be used; carries every problem, in the order of the file. */
export class ConfigError extends Error {
  readonly code = 'ERR_SCOPEGATE_CONFIG'
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[]) {
    super(problems.map(formatProblem).join('\n'))
    this.name = 'ConfigError'
    this.problems = problems
  }
}
