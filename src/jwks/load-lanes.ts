/**
 * How many sources of keys are asked at the same time, so that thousands of issuers are no storm of connections.
 *
 * The rules are:
 *   - a token that needs the keys goes first, in a lane of its own, whatever else there is to load;
 *   - sources that failed the last time are asked again in a lane of their own, also for a token, so that those that hang
 *     do not hold up those that answer: anybody can write any issuer into a token;
 *   - in a lane it is first come, first served, and each has a bound. What waits has no time-out: the load has one, from
 *     when it begins.
 */

/** Why a source is asked: a token needs it, it is time to, or it failed the last time. */
export type LoadLane = 'asked' | 'due' | 'failing'

/** How many sources are asked at the same time, by lane. */
export const laneWidths: Readonly<Record<LoadLane, number>> = { asked: 32, due: 32, failing: 16 }

interface WaitingLoad {
  readonly id: string
  /** Given the lane in which it was counted. */
  readonly begin: (lane: LoadLane) => void
}

/** The lanes of one process. */
export class LoadLanes {
  readonly #waiting: Readonly<Record<LoadLane, Map<string, WaitingLoad>>> = {
    asked: new Map(),
    due: new Map(),
    failing: new Map(),
  }
  readonly #running: Record<LoadLane, number> = { asked: 0, due: 0, failing: 0 }

  /** Runs a load when there is room for it in its lane. Ends as the load does. One at a time for an id. */
  async run<T>(id: string, lane: LoadLane, load: () => Promise<T>): Promise<T> {
    // Where there is room the load begins at once, in the same turn.
    const taken = this.#enter(lane) ? lane : await this.#wait(id, lane)
    try {
      return await load()
    } finally {
      this.#running[taken] -= 1
      this.#admit(taken)
    }
  }

  /** Moves a load that waits until it is its turn to the lane of what tokens ask for. Does nothing to others. */
  hurry(id: string): void {
    const load = this.#waiting.due.get(id)
    if (load === undefined) return
    this.#waiting.due.delete(id)
    this.#waiting.asked.set(id, load)
    this.#admit('asked')
  }

  #enter(lane: LoadLane): boolean {
    if (this.#running[lane] >= laneWidths[lane]) return false
    this.#running[lane] += 1
    return true
  }

  async #wait(id: string, lane: LoadLane): Promise<LoadLane> {
    return await new Promise((begin) => {
      this.#waiting[lane].set(id, { id, begin })
    })
  }

  #admit(lane: LoadLane): void {
    const [next] = this.#waiting[lane].values()
    if (next === undefined || !this.#enter(lane)) return
    this.#waiting[lane].delete(next.id)
    next.begin(lane)
  }
}
