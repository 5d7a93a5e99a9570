#!/usr/bin/env node
/** The process: arguments in, signals in, exit code out; nothing else. */
import { run } from './cli/program.js'

const stopped = new Promise<void>((resolve) => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      resolve()
    })
  }
})

const output = {
  out: (text: string): void => {
    process.stdout.write(`${text}\n`)
  },
  error: (text: string): void => {
    process.stderr.write(`${text}\n`)
  },
}

try {
  process.exitCode = await run(process.argv.slice(2), stopped, output, {
    onReload: (reload) => {
      process.on('SIGHUP', reload)
    },
    onRestart: (restart) => {
      process.on('SIGUSR2', restart)
    },
  })
} catch (error) {
  output.error(`scopegate: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}
// Sockets kept alive towards issuers must not keep a process that has ended its work.
setTimeout(() => process.exit(), 100).unref()
