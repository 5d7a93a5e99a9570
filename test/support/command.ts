/** The command line inside the test's process: arguments and environment in, exit code and lines out. */
import { run } from '../../src/cli/program.js'

/** What a command did. */
export interface CommandResult {
  readonly code: number
  readonly out: readonly string[]
  readonly errors: readonly string[]
}

/** A command that runs until it is stopped. */
export interface RunningCommand {
  readonly out: readonly string[]
  readonly errors: readonly string[]
  /** Resolves to the exit code. */
  readonly stop: () => Promise<number>
}

/** Runs a command to its end. `environment` is added to the environment while it runs. */
export async function runCommand(
  argv: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<CommandResult> {
  const { out, errors, stop } = startCommand(argv, environment)
  const code = await stop()
  return { code, out, errors }
}

/** Starts a command. The environment is as before as soon as it is stopped. */
export function startCommand(
  argv: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): RunningCommand {
  const out: string[] = []
  const errors: string[] = []
  const before = { ...process.env }
  Object.assign(process.env, environment)
  const { promise: stopped, resolve } = withResolvers()
  const code = run(argv, stopped, {
    out: (text) => out.push(text),
    error: (text) => errors.push(text),
  }).finally(() => {
    for (const name of Object.keys(environment)) {
      if (before[name] === undefined) Reflect.deleteProperty(process.env, name)
      else process.env[name] = before[name]
    }
  })
  return {
    out,
    errors,
    stop: async () => {
      resolve()
      return await code
    },
  }
}

function withResolvers(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve: () => void = () => undefined
  const promise = new Promise<void>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}
