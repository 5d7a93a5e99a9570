/**
 * Processes of a benchmark run: servers on one core, everything else on the other, all ended by their own pid.
 */
import { execFileSync, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'

const serverCore = 0
const loadCore = 1

/** Moves this process to the core of the load. What it starts without {@link onServerCore} stays there too. */
export function leaveServerCore() {
  execFileSync('taskset', ['-acp', String(loadCore), String(process.pid)], { stdio: 'ignore' })
}

/** A command and its arguments, to be run on these cores and no other. */
export function onCores(cores, command, ...args) {
  return ['taskset', ['-c', cores.join(','), command, ...args]]
}

/** The same for the core of the servers. */
export function onServerCore(command, ...args) {
  return onCores([serverCore], command, ...args)
}

/** As {@link startProgram}, for a script of Node.js. */
export async function startServer(script, args, logFile) {
  return await startProgram(process.execPath, [script, ...args], logFile)
}

/**
 * Starts a server on its core, or on other ones, and waits for its JSON line "listening", of which the result has the members; `findReady`
 * may find another sign in the output. Rejects when it ends before, or says nothing for twenty seconds.
 * Its output goes to a file, as a container's does, so that reading it costs nothing here.
 */
export async function startProgram(
  command,
  args,
  logFile,
  findReady = findListening,
  cores = [serverCore],
) {
  const log = openSync(logFile, 'w')
  const child = spawn(...onCores(cores, command, ...args), { stdio: ['ignore', log, log] })
  closeSync(log)
  const exited = new Promise((resolve) => child.once('exit', resolve))
  const stop = async () => {
    child.kill('SIGTERM')
    await exited
  }
  const deadline = performance.now() + 20_000
  for (;;) {
    const text = readFileSync(logFile, 'utf8')
    const ready = await findReady(text)
    if (ready !== undefined) {
      const { pid } = child
      return { ...ready, pid, cpuMs: () => cpuMs(pid), rssMiB: () => rssMiB(pid), stop }
    }
    if (child.exitCode !== null || performance.now() > deadline) {
      await stop()
      throw new Error(`${[command, ...args].join(' ')} does not listen:\n${text}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

function findListening(text) {
  return listeningLines(text)[0]
}

/** What the server, or each of its workers, said when it listened. */
export function listeningLines(text) {
  const lines = text.split('\n').filter((one) => one.includes('"listening"'))
  return lines.map((line) => JSON.parse(line))
}

/** Runs a command to its end. Resolves to its standard output; rejects when it fails. */
export async function run(command, args) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text) => (output += text))
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  if (code !== 0) throw new Error(`${command} ended with ${String(code)}:\n${output}`)
  return output
}

/** Milliseconds that the core of the servers has worked for any process so far, as /proc/stat has them. */
export function serverCoreBusyMs() {
  const line = readFileSync('/proc/stat', 'utf8')
    .split('\n')
    .find((one) => one.startsWith(`cpu${String(serverCore)} `))
  const [, user, nice, system] = line.split(/\s+/).map(Number)
  return (user + nice + system) * tickMs
}

/** Processor time of a process with all its threads so far. */
export function cpuMs(pid) {
  const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * tickMs
}

/** proc(5): times are in ticks of which every Linux has 100 a second. */
const tickMs = 10

/** What a process has in memory. */
function rssMiB(pid) {
  const status = readFileSync(`/proc/${String(pid)}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1_024
}
