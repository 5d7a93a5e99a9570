/** The flag `--workers`, and what it leaves to each of them. */
import { availableParallelism } from 'node:os'

const maxWorkers = 256

/** How many workers `--workers` asks for; undefined when it is no such number. */
export function parseWorkers(text: string): number | undefined {
  if (text === 'auto') return availableParallelism()
  const count = Number(text)
  return /^\d{1,3}$/.test(text) && count >= 1 && count <= maxWorkers ? count : undefined
}

/** How many cores each of so many workers may count on. */
export function coresForEach(workers: number): number {
  return Math.max(1, Math.floor(availableParallelism() / workers))
}
