/**
 * Keeps the heap as it is when nobody asks for a while. V8 uses idle times to give memory back: it shrinks the space of
 * young objects and forgets what it learned about types. A gate that was idle for half a minute was then a sixth slower
 * for as long as it ran, for the sake of a few megabytes.
 */
import { setFlagsFromString } from 'node:v8'

/** Longer than any process lives; V8 keeps the number in 32 bits. */
const neverMs = 2_000_000_000

/** From now on V8 does not shrink the heap when it is idle. Garbage is collected as ever. Affects the whole process. */
export function keepHeapWhenIdle(): void {
  setFlagsFromString(`--gc-memory-reducer-start-delay-ms=${String(neverMs)}`)
}
