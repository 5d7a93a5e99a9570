/** Whether the gate should get requests, as a list of named components. */
import type { IssuerKeyState } from '../jwks/index.js'
import { issuerComponents, isIssuerReady, type ReadinessComponent } from './issuer-readiness.js'

/** What `/readyz` says. */
export interface ReadinessReport {
  readonly ready: boolean
  readonly components: Readonly<Record<string, ReadinessComponent>>
}

/** The readiness of the process: ready when every component is. */
export class Readiness {
  readonly #keyStates: () => readonly IssuerKeyState[]
  readonly #others: () => Readonly<Record<string, ReadinessComponent>>
  readonly #listeners: ((ready: boolean) => void)[] = []
  readonly #onPrepared: (() => void)[] = []
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
    return Object.values(this.#process()).every(({ ready }) => ready) && this.#isPrepared
  }

  /** The whole and its components. */
  report(): ReadinessReport {
    return { ready: this.isReady, components: this.components() }
  }

  /** Resolves once nothing but open doors is missing. */
  async prepared(): Promise<void> {
    if (this.#isPrepared) return
    await new Promise<void>((resolve) => this.#onPrepared.push(resolve))
  }

  get #isPrepared(): boolean {
    return (
      Object.values(this.#others()).every(({ ready }) => ready) &&
      this.#keyStates().every(isIssuerReady)
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
    if (this.#onPrepared.length > 0 && this.#isPrepared) {
      for (const resolve of this.#onPrepared.splice(0)) resolve()
    }
    const ready = this.isReady
    if (ready === this.#wasReady) return
    this.#wasReady = ready
    for (const listener of this.#listeners) listener(ready)
  }
}
