/**
 * The command line: names, flags and their environment twins. Each command is a file of its own, and loaded when it is
 * asked for, so that a gate starts without what only others need.
 */
import { Argument, Command, CommanderError, Option } from 'commander'
import { checkConfig, printSchema, type Output } from './check-config.js'
import type { DevOptions } from './dev.js'
import type { DoctorOptions } from './doctor.js'
import { exitCode } from './exit-code.js'
import { workerPlace } from './fork-worker.js'
import type { GateSignals } from './serve.js'
import { parseWorkers } from './workers-flag.js'
import { packageVersion } from './version.js'

/** Runs the command that `argv` names. Resolves to the exit code; `stopped` resolves when the process is to end. */
export async function run(
  argv: readonly string[],
  stopped: Promise<unknown>,
  output: Output,
  signals?: GateSignals,
): Promise<number> {
  let code: number = exitCode.good
  const program = new Command('scopegate')
    .description('The OAuth 2.0 resource-server gate for proxies')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => {
        output.out(text.trimEnd())
      },
      writeErr: (text) => {
        output.error(text.trimEnd())
      },
    })

  program
    .command('serve')
    .description('run the gate')
    .addOption(configOption())
    .addOption(
      new Option('--workers <count>', 'processes that share the work, or auto: one for each core')
        .default('1')
        .env('SCOPEGATE_WORKERS'),
    )
    .addHelpText('after', serveHelp)
    .action(async ({ config, workers }: { config: string; workers: string }) => {
      const place = workerPlace()
      const wanted = parseWorkers(workers)
      if (place !== undefined) {
        const { serveWorker } = await import('./serve-worker.js')
        code = await serveWorker(config, place, wanted ?? 1)
      } else if (wanted === undefined) {
        output.error(`scopegate: "${workers}" is not a number of workers: 1 to 256, or auto`)
        code = exitCode.usage
      } else if (wanted === 1) {
        const { serve } = await import('./serve.js')
        code = await serve(config, stopped, output, signals)
      } else {
        const { serveWorkers } = await import('./serve-workers.js')
        code = await serveWorkers(config, wanted, stopped, output, signals)
      }
    })
  program
    .command('check-config')
    .description('report every problem of a configuration file or directory')
    .addArgument(
      new Argument('[file]', 'file or directory').default(process.env['SCOPEGATE_CONFIG']),
    )
    .addOption(new Option('--schema', 'print the JSON Schema instead').env('SCOPEGATE_SCHEMA'))
    .addOption(
      new Option('--explain', 'also say what is in force for each issuer, and why').env(
        'SCOPEGATE_EXPLAIN',
      ),
    )
    .action(async (file: string | undefined, { schema, explain = false }: CheckConfigFlags) => {
      if (schema === true) code = printSchema(output)
      else if (file !== undefined) code = await checkConfig(file, output, { explain })
      else {
        output.error('scopegate: check-config needs a file or directory')
        code = exitCode.usage
      }
    })
  program
    .command('doctor')
    .description('report everything in a configuration of Envoy or NGINX that weakens the gate')
    .addArgument(new Argument('<files...>', 'configuration files of the proxy'))
    .addOption(
      new Option('--kind <kind>', 'whose configuration it is, instead of what it looks like')
        .choices(['envoy', 'nginx'])
        .env('SCOPEGATE_DOCTOR_KIND'),
    )
    .action(async (files: string[], options: DoctorOptions) => {
      const { doctor } = await import('./doctor.js')
      code = doctor(files, options, output)
    })
  program
    .command('dev')
    .description('run an authorization server for trying things out')
    .addOption(
      new Option('--host <host>', 'address to listen on')
        .default('127.0.0.1')
        .env('SCOPEGATE_DEV_HOST'),
    )
    .addOption(
      new Option('--port <port>', 'port to listen on').default('9400').env('SCOPEGATE_DEV_PORT'),
    )
    .addOption(
      new Option('--audience <audience>', 'audience of its tokens')
        .default('https://api.example.com')
        .env('SCOPEGATE_DEV_AUDIENCE'),
    )
    .action(async (options: DevOptions) => {
      const { dev } = await import('./dev.js')
      code = await dev(options, stopped, output)
    })
  program
    .command('version')
    .description('print the version')
    .action(() => {
      output.out(packageVersion())
    })

  try {
    await program.parseAsync(argv, { from: 'user' })
    return code
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return error.exitCode === 0 ? exitCode.good : exitCode.usage
  }
}

const serveHelp = `
Signals:
  SIGTERM, SIGINT  drain and end with 0
  SIGHUP           read configuration and certificates again now
  SIGUSR2          with several workers: replace one after the other`

interface CheckConfigFlags {
  readonly schema?: boolean
  readonly explain?: boolean
}

function configOption(): Option {
  return new Option('--config <path>', 'configuration file or directory')
    .env('SCOPEGATE_CONFIG')
    .makeOptionMandatory()
}
