/**
 * The processes of the demo: each writes to a log file of its own and is ended with the demo, however that ends.
 *
 * Ctrl-C in a terminal goes to every process of a group. The children are in groups of their own, so that they end in
 * order, Envoy first, and none of them reports the others as lost.
 */
import { spawn } from 'node:child_process'
import { openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root, shortPath } from './settings.mjs'

const patienceMs = 5000

/** Starts and ends processes. `onLost` is told, once, about one that ended without being asked to. */
export class Children {
  #children = []
  #isStopping = false
  #directory
  #onLost

  constructor(directory, onLost) {
    this.#directory = directory
    this.#onLost = onLost
    process.once('exit', () => this.kill())
  }

  /** Starts a process whose output goes to NAME.log. */
  start(name, command, args) {
    const log = join(this.#directory, `${name}.log`)
    const output = openSync(log, 'w')
    const stdio = ['ignore', output, output]
    const child = spawn(command, args, { cwd: root, stdio, detached: true })
    this.#children.push(child)
    child.once('error', (fault) => this.#lost(`${name} could not be started: ${fault.message}`))
    child.once('exit', (code, signal) => {
      const how = code === null ? `was ended by ${signal}` : `ended with exit code ${code}`
      this.#lost(`${name} ${how}; the end of ${shortPath(log)}:\n${tail(log)}`)
    })
  }

  /** Ends all of them, the last one first, and resolves when they are gone. */
  async stop() {
    this.#isStopping = true
    for (const child of this.#children.toReversed()) await end(child)
  }

  /** Ends all of them at once and without a word. */
  kill() {
    this.#isStopping = true
    for (const child of this.#children) if (isRunning(child)) child.kill('SIGKILL')
  }

  #lost(message) {
    if (this.#isStopping) return
    this.#isStopping = true
    this.#onLost(new Error(message))
  }
}

function isRunning(child) {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null
}

async function end(child) {
  if (!isRunning(child)) return
  await new Promise((settle) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs)
    child.once('exit', () => {
      clearTimeout(timer)
      settle()
    })
    child.kill('SIGTERM')
  })
}

function tail(log) {
  const lines = readFileSync(log, 'utf8').trimEnd().split('\n')
  return lines
    .slice(-10)
    .map((line) => `  ${line}`)
    .join('\n')
}
