#!/usr/bin/env node
/** The process: arguments in, signals in, exit code out; nothing else. */

const [command] = process.argv.slice(2)
let reload: (() => void) | undefined
let isReloadDue = false
// A gate that starts cannot read its files again yet, and a signal without a listener would end it. Before the rest is
// loaded, since that is most of a start. Other commands end when their terminal does.
if (command === 'serve') {
  process.on('SIGHUP', () => {
    if (reload === undefined) isReloadDue = true
    else reload()
  })
}

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
  process.exitCode = await run(process.argv.slice(2), stopped, output, (callback) => {
    reload = callback
    if (isReloadDue) reload()
  })
} catch (error) {
  output.error(`scopegate: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}
// Sockets kept alive towards issuers must not keep a process that has ended its work.
setTimeout(() => process.exit(), 100).unref()
