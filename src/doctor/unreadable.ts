/** A file, or a place in it, that the doctor cannot read. */
import type { Place } from './finding.js'

/** Why, and where. */
export class Unreadable extends Error {
  readonly code = 'ERR_SCOPEGATE_UNREADABLE'
  readonly at: Place

  constructor(at: Place, message: string) {
    super(message)
    this.name = 'Unreadable'
    this.at = at
  }
}
