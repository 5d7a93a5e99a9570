/**
 * Reads keys one by one, each from a URL of its own, and keeps the state of their issuer.
 *
 * The rules are:
 *   - a key is read once at a time, whoever wants it;
 *   - no more than {@link maxKeptKids} are kept; the one that was searched for longest ago goes, and its trust with it,
 *     because nobody would notice any more that it is withdrawn;
 *   - those that are kept are read again when they are due; one that cannot be read stops none of the others, and serves for
 *     as long as it may.
 */
import type { Clock } from './clock.js'
import { fetchKey } from './fetch-key.js'
import type { IssuerKeyState } from './issuer-key-state.js'
import type { KeySourceAccess } from './key-source.js'

/**
 * Of one issuer. A load balancer signs with one key at a time and an entry is for a handful of them, so this is many times
 * what is in use, and small enough to be read again every few minutes.
 */
export const maxKeptKids = 64
/** Keys that are read again at the same time. */
const rereadWidth = 8
/** Of the time between two refreshes: who was read since is not read again, also not when the others are retried. */
const stillFresh = 1 / 2

/** Where a reader reads. */
export interface KidReading {
  readonly clock: Clock
  readonly access: KeySourceAccess
}

/** Reads one key, or joins the read under way. Resolves to whether there is such a key; rejects on faults. */
export async function readKid(
  state: IssuerKeyState,
  kid: string,
  reading: KidReading,
): Promise<boolean> {
  let read = state.reads.get(kid)
  if (read === undefined) {
    read = fetchInto(state, kid, reading).finally(() => state.reads.delete(kid))
    state.reads.set(kid, read)
  }
  return await read
}

/** Reads every kept key again that is due. Rejects with the first fault, when all were tried. */
export async function rereadKids(state: IssuerKeyState, reading: KidReading): Promise<void> {
  // What an earlier life of the process has read is due, however young it is.
  const freshFrom = state.isFromSnapshot
    ? Number.POSITIVE_INFINITY
    : reading.clock.monotonicMs() - state.refreshMs * stillFresh
  const due = (state.set?.keys ?? []).filter(({ readAtMs }) => readAtMs <= freshFrom)
  const kids = due.flatMap(({ kid }) => (kid === undefined ? [] : [kid]))
  const faults: unknown[] = []
  const work = async (): Promise<void> => {
    for (let kid = kids.shift(); kid !== undefined; kid = kids.shift()) {
      await readKid(state, kid, reading).catch((fault: unknown) => {
        faults.push(fault)
        letGoOfStale(state, kid, reading.clock.monotonicMs())
      })
    }
  }
  await Promise.all(Array.from({ length: rereadWidth }, work))
  if (faults.length > 0) throw faults[0]
}

async function fetchInto(
  state: IssuerKeyState,
  kid: string,
  { access, clock }: KidReading,
): Promise<boolean> {
  const { source } = state.options
  if (source.kind !== 'keyUrl') throw new TypeError('this issuer has no URL for each key')
  const key = await fetchKey(source.url, kid, access)
  if (key === undefined) {
    state.keyGone(kid)
    return false
  }
  makeRoom(state, kid)
  state.keyRead(key, { atMs: clock.monotonicMs(), atWallMs: clock.wallMs() })
  return true
}

/** A key that nobody could read for so long that it serves no more is not tried for ever. */
function letGoOfStale(state: IssuerKeyState, kid: string, nowMs: number): void {
  const isTrusted = state.set?.keys.some((key) => key.kid === kid && nowMs < key.trustedUntilMs)
  if (isTrusted !== true) state.keyGone(kid)
}

function makeRoom(state: IssuerKeyState, kid: string): void {
  const others = (state.set?.keys ?? []).filter((key) => key.kid !== kid)
  if (others.length < maxKeptKids) return
  const [oldest] = others.toSorted((one, other) => one.lastUse - other.lastUse)
  if (oldest !== undefined) state.keyGone(oldest.kid)
}
