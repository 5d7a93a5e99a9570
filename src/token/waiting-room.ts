/**
 * Places for what waits, so that a crowd in one room takes nothing from another.
 *
 * The rules are:
 *   - there is one room for signatures and one for the keys of each issuer: an issuer that hangs fills its own room only;
 *   - a verification has a place until it ends, also when nobody waits for it any more; everybody else who waits for it
 *     has one more;
 *   - who finds a room full is refused at once and changes nothing.
 */

/** A bounded number of places. */
export class WaitingRoom {
  readonly #places: number
  #taken = 0

  constructor(places: number) {
    this.#places = places
  }

  /** How many places are taken. */
  get taken(): number {
    return this.#taken
  }

  /** Takes places, all or none. Returns whether there were as many. */
  take(count = 1): boolean {
    if (this.#taken + count > this.#places) return false
    this.#taken += count
    return true
  }

  /** Gives places back. */
  free(count = 1): void {
    this.#taken -= count
  }
}

/** The places of one verification and of those who wait for it. */
export class Party {
  #room: WaitingRoom
  #waiting = 0
  #hasEnded = false

  private constructor(room: WaitingRoom) {
    this.#room = room
  }

  /** A party of nobody yet, with the place of its verification; undefined when the room is full. */
  static in(room: WaitingRoom): Party | undefined {
    return room.take() ? new Party(room) : undefined
  }

  /** Lets one more wait; false when the room is full. The first takes the place of the verification itself. */
  join(): boolean {
    if (!this.#hasEnded && this.#waiting > 0 && !this.#room.take()) return false
    this.#waiting += 1
    return true
  }

  /** One who joined waits no more. */
  leave(): void {
    this.#waiting -= 1
    if (!this.#hasEnded && this.#waiting > 0) this.#room.free()
  }

  /** Goes to another room with all who wait; false, and nothing changes, when it has not as many places. */
  moveTo(room: WaitingRoom): boolean {
    if (room === this.#room) return true
    if (!room.take(this.#size)) return false
    this.#room.free(this.#size)
    this.#room = room
    return true
  }

  /** The verification ended: everybody is about to go. A second time changes nothing. */
  end(): void {
    if (this.#hasEnded) return
    this.#room.free(this.#size)
    this.#hasEnded = true
  }

  get #size(): number {
    return Math.max(1, this.#waiting)
  }
}
