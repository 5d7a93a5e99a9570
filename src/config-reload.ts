/**
 * Reads the configuration again when its files change, or when it is told to. Part of the composition root.
 *
 * The rules are:
 *   - a configuration is in force whole or not at all: one with a problem changes nothing, and operators are told why;
 *   - a file is believed when two looks a second apart saw the same, since half a file may be a configuration too;
 *   - what was read is held against the files before and after, so that it is no mixture of two versions of them, and so
 *     that files which go back to what they were are a change like others;
 *   - one reload at a time; what changes meanwhile is read after it.
 */
import { isDeepStrictEqual } from 'node:util'
import { ConfigError, formatProblem, type GateConfig } from './config/index.js'
import { FileWatch, type WatchClock } from './file-watch.js'

/** Where the configuration comes from. */
export interface ConfigSource {
  readonly load: () => Promise<GateConfig>
  /** Something that is another after every change of the files. */
  readonly read: () => Promise<Buffer>
  /** What {@link read} gave before the configuration was loaded that is in force at the start. */
  readonly initial: Buffer | undefined
}

/** What a reload needs from outside. */
export interface ConfigReloadDependencies {
  readonly clock: WatchClock
  /** Puts a configuration in force. */
  readonly use: (config: GateConfig) => Promise<void>
  readonly reloaded: (succeeded: boolean) => void
  readonly noted: (
    level: 'info' | 'warn',
    message: string,
    details: Readonly<Record<string, unknown>>,
  ) => void
}

/** What is read at the start only. */
const fixedSettings = ['listen', 'keysSnapshotDir', 'log', 'revocation'] as const
const maxShownProblems = 20

/** Keeps the configuration in force that the files hold. */
export class ConfigReload {
  readonly #source: ConfigSource
  readonly #started: GateConfig
  readonly #dependencies: ConfigReloadDependencies
  readonly #watch: FileWatch
  #underWay: Promise<boolean> | undefined
  #next: Promise<boolean> | undefined
  #detail: string | undefined

  /** Watches the files from now on; `started` is the configuration with which the process started. */
  constructor(source: ConfigSource, started: GateConfig, dependencies: ConfigReloadDependencies) {
    this.#source = source
    this.#started = started
    this.#dependencies = dependencies
    this.#watch = new FileWatch(dependencies.clock, {
      read: source.read,
      ...(source.initial === undefined ? {} : { initial: source.initial }),
      looks: 2,
      onChange: () => void this.reload(),
    })
  }

  /** Looks no more. */
  stop(): void {
    this.#watch.stop()
  }

  /** What operators should know of the files, for readiness: they never make the gate unready. */
  readiness(): { readonly ready: true; readonly detail?: string } {
    return { ready: true, ...(this.#detail === undefined ? {} : { detail: this.#detail }) }
  }

  /** Reads the files now, and after a reload under way once more. Resolves to whether they could be used; never rejects. */
  async reload(): Promise<boolean> {
    if (this.#underWay === undefined) {
      this.#underWay = this.#reload().finally(() => (this.#underWay = undefined))
      return await this.#underWay
    }
    this.#next ??= this.#underWay.then(async () => {
      this.#next = undefined
      return await this.reload()
    })
    return await this.#next
  }

  async #load(): Promise<GateConfig> {
    const { read, load } = this.#source
    const before = await read().catch(() => undefined)
    if (before !== undefined) this.#watch.knows(before)
    const config = await load()
    if (before?.equals(await read()) !== true) {
      throw new Error('the files changed while they were read, and are read again when they rest')
    }
    return config
  }

  async #reload(): Promise<boolean> {
    const { use, reloaded, noted } = this.#dependencies
    try {
      const config = await this.#load()
      await use(config)
      const waiting = fixedSettings.filter(
        (name) => !isDeepStrictEqual(config[name], this.#started[name]),
      )
      this.#detail =
        waiting.length === 0
          ? undefined
          : `changed, but read at the start only: ${waiting.join(', ')}`
      noted('info', 'configuration reloaded', {
        issuers: config.trustedIssuers.length,
        routes: config.policy.routes.length,
      })
      if (waiting.length > 0) {
        noted('warn', 'changed settings count from the next start on', { settings: waiting })
      }
      reloaded(true)
      return true
    } catch (fault) {
      const problems = problemsOf(fault)
      this.#detail = `the files cannot be used, the configuration before serves: ${problems.join('; ')}`
      noted('warn', 'changed configuration cannot be used, the one before serves', { problems })
      reloaded(false)
      return false
    }
  }
}

function problemsOf(fault: unknown): readonly string[] {
  if (!(fault instanceof ConfigError)) {
    return [fault instanceof Error ? fault.message : String(fault)]
  }
  const shown = fault.problems.slice(0, maxShownProblems).map(formatProblem)
  const left = fault.problems.length - shown.length
  return left === 0 ? shown : [...shown, `and ${String(left)} more`]
}
