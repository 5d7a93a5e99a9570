/**
 * A key set as it is kept on disk between two lives of the process, so that an issuer that is away at the start is no
 * outage.
 *
 * The rules are:
 *   - only public members of keys are written, and only of keys that were fetched; secrets never are;
 *   - a snapshot serves the issuer and the source that it was made of, no other, and not longer than `maxStaleMs` from
 *     when the source was loaded, by the wall clock;
 *   - a snapshot from the future is not believed: then one of two clocks was wrong, and its age is unknown;
 *   - everything in it is checked as if the issuer had just sent it, and a single key that is refused, as a private one
 *     is, refuses it whole: we would not have written it.
 */
import { createHash } from 'node:crypto'
import type { IssuerKeyOptions } from './issuer-key-state.js'
import { parseKeySet, type KeySet } from './key-set.js'

/** Where snapshots are kept. Names have no meaning but to be the same for the same issuer. */
export interface SnapshotFiles {
  /** The text of a snapshot, or undefined when there is none. Rejects when it cannot be read or is not ours. */
  read(name: string): Promise<string | undefined>
  /** Replaces a snapshot, whole or not at all. */
  write(name: string, text: string): Promise<void>
  /** Removes a snapshot, if it is there. */
  remove(name: string): Promise<void>
}

/** A snapshot that may be used. */
export interface RestoredKeySet {
  readonly set: KeySet
  readonly ageMs: number
}

const format = 'scopegate-keys/1'

/** The name of an issuer's snapshot: a hash, so that no id becomes a path. */
export function snapshotName(options: IssuerKeyOptions): string {
  return `${sha256(options.id).slice(0, 32)}.json`
}

/** Whether the keys of an issuer are kept: those that another machine has to be asked for. */
export function isKept({ source, trustAnchorsFile }: IssuerKeyOptions): boolean {
  if (trustAnchorsFile !== undefined) return false
  return ['discovery', 'metadataUrl', 'jwksUri', 'keyUrl'].includes(source.kind)
}

/** The text of a snapshot. `loadedAtMs` is wall time. */
export function writeSnapshot(options: IssuerKeyOptions, set: KeySet, loadedAtMs: number): string {
  const keys = set.keys.map((key) => key.publicJwk)
  const snapshot = { format, issuer: options.issuer, origin: originOf(options), loadedAtMs, keys }
  return `${JSON.stringify(snapshot)}\n`
}

/** Reads a snapshot. Rejects with a sentence for operators when it may not be used. `nowMs` is wall time. */
export async function readSnapshot(
  options: IssuerKeyOptions,
  text: string,
  nowMs: number,
): Promise<RestoredKeySet> {
  const snapshot = parse(text)
  if (snapshot['format'] !== format) throw new Error('it is not a snapshot of keys')
  if (snapshot['issuer'] !== options.issuer) throw new Error('it is of another issuer')
  if (snapshot['origin'] !== originOf(options)) throw new Error('it is of another source of keys')
  const ageMs = ageOf(snapshot['loadedAtMs'], nowMs)
  if (ageMs >= options.maxStaleMs) throw new Error('it is older than maxStaleSeconds')
  const set = await parseKeySet({ keys: snapshot['keys'] }, { nowMs, trustAnchors: undefined })
  if (set.refusedKeys > 0) throw new Error('it has keys that may not be used')
  return { set, ageMs }
}

function parse(text: string): Readonly<Record<string, unknown>> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new Error('it is not JSON')
  }
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

function ageOf(loadedAtMs: unknown, nowMs: number): number {
  if (typeof loadedAtMs !== 'number' || !Number.isFinite(loadedAtMs)) {
    throw new Error('it does not say when its keys were loaded')
  }
  // Fail closed: a time that has not come yet says nothing about the age.
  if (loadedAtMs > nowMs) throw new Error('it is from the future')
  return nowMs - loadedAtMs
}

/** What the keys were obtained from and how; anything that the operator changes there makes old snapshots useless. */
function originOf({ issuer, source, allowInsecure, caFile }: IssuerKeyOptions): string {
  return sha256(JSON.stringify([issuer, source, allowInsecure, caFile]))
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
