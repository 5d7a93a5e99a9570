/** Whether the gate should get requests, as a list of named components. */
import type { IssuerKeyState } from '../jwks/index.js'

/** One thing that has to be there. */
export interface ReadinessComponent {
  readonly ready: boolean
  /** For operators; says what is missing. */
  readonly detail?: string
}

/** The readiness of the process: ready when every component is. */
export class Readiness {
  readonly #keyStates: () => readonly IssuerKeyState[]
  readonly #others: () => Readonly<Record<string, ReadinessComponent>>
  readonly #listeners: ((ready: boolean) => void)[] = []
  #isListening = false
  #isDraining = false
  #wasReady = false

  /** `others` are the components of other rooms, by name. */
  constructor(
    keyStates: () => readonly IssuerKeyState[],
    others: () => Readonly<Record<string, ReadinessComponent>> = () => ({}),
  ) {
    this.#keyStates = keyStates
    this.#others = others
  }

  /** Every component by name. An issuer is ready from its first key set on, also through a later outage. */
  components(): Readonly<Record<string, ReadinessComponent>> {
    const issuers = this.#keyStates().map((state): [string, ReadinessComponent] => {
      const name = `issuer:${state.options.id}`
      if (state.loadedAtMs === undefined) {
        const detail = state.lastFault ?? 'the first key set is loading'
        return [name, { ready: !state.isRequired, detail }]
      }
      const details = [state.isFromSnapshot ? 'from snapshot' : undefined, state.lastFault]
      const detail = details.filter((text) => text !== undefined).join('; ')
      return [name, { ready: true, ...(detail === '' ? {} : { detail }) }]
    })
    return {
      listening: { ready: this.#isListening },
      running: this.#isDraining ? { ready: false, detail: 'shutting down' } : { ready: true },
      ...Object.fromEntries(issuers),
      ...this.#others(),
    }
  }

  /** Whether every component is ready. */
  get isReady(): boolean {
    return Object.values(this.components()).every((component) => component.ready)
  }

  /** Calls back with every change of the whole. */
  onChange(listener: (ready: boolean) => void): void {
    this.#listeners.push(listener)
  }

  /** The doors are open. */
  listening(): void {
    this.#isListening = true
    this.update()
  }

  /** No more requests, please: the process is about to end. */
  draining(): void {
    this.#isDraining = true
    this.update()
  }

  /** Looks again; to be called whenever a component may have changed. */
  update(): void {
    const ready = this.isReady
    if (ready === this.#wasReady) return
    this.#wasReady = ready
    for (const listener of this.#listeners) listener(ready)
  }
}
