/**
 * How V8 keeps house in a gate.
 *
 * - When nobody asks for a while V8 gives memory back: it shrinks the space of young objects and forgets what it learned
 *   about types. A gate that was idle for half a minute was then a sixth slower for as long as it ran, for the sake of a
 *   few megabytes.
 * - Between two full collections V8 lets the heap grow to three or four times of what is alive, and a part of the
 *   finished calls grows old. A gate with 100,000 tokens then had twice the memory it has now (ADR 0030).
 * - Where little is alive, half of it is soon there: in a flood of new tokens full collections came twice a second, and those who
 *   have good tokens waited for them. So the heap may always grow by some megabytes (ADR 0038).
 * - The space of young objects grows to 16 MiB. Until it is full, buffers that were read wait in it for their end, outside of
 *   the heap but counted with it, and so full collections were due once a second though nothing had grown old. A small one is
 *   emptied before, in less than a millisecond (ADR 0033).
 * - Where objects once lived long, in one burst of calls, V8 makes all later ones old from the start. What belongs to a call then
 *   stays until a full collection, with all that hangs on it: each check cost a fifth more, and the pauses were twice as long (ADR 0032).
 */
import {
  constants,
  PerformanceObserver,
  type NodeGCPerformanceDetail,
  type PerformanceEntry,
} from 'node:perf_hooks'
import { getHeapStatistics, setFlagsFromString } from 'node:v8'

/** What an observer of "gc" gets. */
interface GcEntry extends PerformanceEntry {
  readonly detail: NodeGCPerformanceDetail
}

/** Longer than any process lives; V8 keeps the number in 32 bits. */
const neverMs = 2_000_000_000
/** A full collection is due when so much has come on top of what was alive after the last one. */
const growthPercent = 50
/** And by less than this never. */
const leastGrowthBytes = 64 * 2 ** 20

/**
 * From now on V8 does not shrink the heap when it is idle, collects before it is large, often and little, and makes only young
 * objects. Affects the whole process. Has to be called at its start, while the space of young objects is small.
 */
export function keepHeap(): void {
  setFlagsFromString(`--gc-memory-reducer-start-delay-ms=${String(neverMs)}`)
  letHeapGrow()
  // Counts for the collection after the next one.
  new PerformanceObserver((list) => {
    if (list.getEntries().some(isFull)) letHeapGrow()
  }).observe({ entryTypes: ['gc'] })
  setFlagsFromString('--semi-space-growth-factor=1')
  setFlagsFromString('--no-allocation-site-pretenuring')
}

function letHeapGrow(): void {
  const alive = getHeapStatistics().used_heap_size
  const percent = Math.max(growthPercent, Math.round((100 * leastGrowthBytes) / alive))
  setFlagsFromString(`--heap-growing-percent=${String(percent)}`)
}

function isFull(entry: PerformanceEntry): boolean {
  return (entry as GcEntry).detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR
}
