/** The worker processes of a gate, as the operating system sees them. */
import { readFile } from 'node:fs/promises'
import { until } from './until.js'

/** Of a gate: its primary process and its admin port. */
interface Primary {
  readonly pid: number
  readonly addresses: { readonly admin: string }
}

/** The ids of the processes that a gate has started. */
export async function workerPids({ pid }: Primary): Promise<number[]> {
  const text = await readFile(`/proc/${String(pid)}/task/${String(pid)}/children`, 'utf8')
  return text.split(' ').filter(Boolean).map(Number)
}

/** Whether a process is there and has not ended. */
export async function isAlive(pid: number): Promise<boolean> {
  const text = await readFile(`/proc/${String(pid)}/stat`, 'utf8').catch(() => undefined)
  return text !== undefined && !/\) [ZX] /.test(text)
}

/** Waits until so many workers are ready, and none is on its way. */
export async function workersReady({ addresses }: Primary, count: number): Promise<void> {
  await until(
    async () => {
      const text = await (await fetch(`http://${addresses.admin}/metrics`)).text()
      const inState = (state: string): number =>
        Number(new RegExp(`^scopegate_workers\\{state="${state}"\\} (\\d+)$`, 'm').exec(text)?.[1])
      return inState('ready') === count && inState('starting') === 0 && inState('ending') === 0
    },
    `${String(count)} ready workers`,
    60_000,
  )
}
