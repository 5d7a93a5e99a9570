/** Whether the gate should get requests, as a list of named components. */
import type { IssuerKeyState } from '../jwks/index.js'
import { issuerComponents, isIssuerReady, type ReadinessComponent } from './issuer-readiness.js'

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
    return {
      ...this.#process(),
      ...issuerComponents(this.#keyStates()),
      ...this.#others(),
    }
  }

  /** Whether every component is ready. Makes no component of an issuer: with thousands it is asked after each load. */
  get isReady(): boolean {
    return (
      [...Object.values(this.#process()), ...Object.values(this.#others())].every(
        ({ ready }) => ready,
      ) && this.#keyStates().every(isIssuerReady)
    )
  }

  #process(): Readonly<Record<string, ReadinessComponent>> {
    return {
      listening: { ready: this.#isListening },
      running: this.#isDraining ? { ready: false, detail: 'shutting down' } : { ready: true },
    }
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
