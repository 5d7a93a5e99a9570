#!/usr/bin/env node
/** The process: arguments in, signals in, exit code out; nothing else. */

const [command] = process.argv.slice(2)

/**
 * A gate that starts cannot do yet what a signal asks for, and one without a listener would end it: so it is remembered.
 * From before the rest is loaded, since that is most of a start. Other commands end when their terminal does.
 */
function rememberSignal(name: NodeJS.Signals): {
  readonly handOver: (callback: () => void) => void
} {
  let act: (() => void) | undefined
  let isDue = false
  if (command === 'serve') {
    process.on(name, () => {
      if (act === undefined) isDue = true
      else act()
    })
  }
  return {
    handOver(callback) {
      act = callback
      if (isDue) act()
    },
  }
}
const reloads = rememberSignal('SIGHUP')
const restarts = rememberSignal('SIGUSR2')

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
  const { run } = await import('./cli/program.js')
  process.exitCode = await run(process.argv.slice(2), stopped, output, {
    onReload: reloads.handOver,
    onRestart: restarts.handOver,
  })
} catch (error) {
  output.error(`scopegate: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}
// Sockets kept alive towards issuers must not keep a process that has ended its work.
setTimeout(() => process.exit(), 100).unref()
