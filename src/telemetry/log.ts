/**
 * What operators read: JSON lines on standard output.
 *
 * The rules are:
 *   - every denial is one line with its reason and its decision id; allows are off or sampled;
 *   - never a token, a claim but the client's id and a tenant's `iss`, a query, or a header but the request id, and that
 *     one redacted.
 */
import pino, { type DestinationStream, type Logger } from 'pino'
import type { DecisionEvent } from '../check/index.js'
import { redact, redactJwt, redactPath, redactRequestId } from './redact.js'

/** How much is logged. */
export interface LogOptions {
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent'
  /** Of so many allowed requests one is logged; 0 logs none. */
  readonly allowSampleEvery: number
}

/** Where lines go, and how to make sure that they went. */
export interface LogDestination extends DestinationStream {
  /** Begins to write what is held now, instead of when there is more of it or half a second later. */
  hurry(): void
  /** Writes what is still held; gives up when nobody takes it. */
  flush(): void
}

/** Which output it is, and whose. */
interface OutputOptions {
  readonly fd?: number
  readonly isShared?: boolean
}

/** PIPE_BUF of Linux: so much is written to a pipe whole or not at all (pipe(7)). Lines are of ASCII but for paths. */
const atomicBytes = 4_096

/** 16 MiB: what a reader of the log may be behind before lines are dropped. */
const maxHeldBytes = 16_777_216

/**
 * Standard output, in batches. A full disk or a reader that is gone loses lines and nothing else: the gate goes on, and
 * ends when it is told to. `isShared` with other processes: their lines do not run into each other.
 */
export function standardOutput({ fd = 1, isShared = false }: OutputOptions = {}): LogDestination {
  let isBroken = false
  let isEnding = false
  const stream = pino.destination({
    fd,
    sync: false,
    minLength: isShared ? atomicBytes / 2 : 4_096,
    maxLength: maxHeldBytes,
    ...(isShared ? { maxWrite: atomicBytes } : {}),
    periodicFlush: 500,
    retryEAGAIN: () => !isEnding,
  })
  // pino's own listener would end the process, and at its exit wait for ever for the disk to have room.
  stream.removeAllListeners('error')
  stream.on('error', () => {
    isBroken = true
  })
  stream.on('write', () => {
    isBroken = false
  })
  const flushSync = stream.flushSync.bind(stream)
  stream.flushSync = () => {
    if (!isBroken) flushSync()
  }
  return {
    write(line) {
      stream.write(line)
    },
    hurry() {
      if (isBroken) return
      try {
        stream.flush()
      } catch {
        // It was ended: there is nobody to tell.
      }
    },
    flush() {
      isEnding = true
      try {
        stream.flushSync()
      } catch {
        // Nobody reads any more: there is nobody to tell.
      }
    },
  }
}

/** What a log needs of an output: one that holds nothing back has nothing to hurry. */
type LogOutput = DestinationStream & Partial<Pick<LogDestination, 'hurry'>>

/** The log of one process. Decisions are written in batches, what is said of the process itself at once. */
export class Log {
  readonly #logger: Logger
  readonly #output: LogOutput
  readonly #allowSampleEvery: number
  #allows = 0

  /** `worker` is the number that this process has among those of a gate; every line then has it. */
  constructor(options: LogOptions, output: LogOutput, worker?: number) {
    this.#output = output
    this.#allowSampleEvery = options.allowSampleEvery
    this.#logger = pino(
      {
        level: options.level,
        base: worker === undefined ? null : { worker },
        formatters: { level: (label) => ({ level: label }) },
      },
      output,
    )
  }

  /** Something an operator should know of the process. `details` come from the configuration, not from requests. */
  info(message: string, details: Readonly<Record<string, unknown>> = {}): void {
    this.#logger.info(details, message)
    this.#output.hurry?.()
  }

  /** Something is wrong outside, and Scopegate goes on. */
  warn(message: string, details: Readonly<Record<string, unknown>> = {}): void {
    this.#logger.warn(details, message)
    this.#output.hurry?.()
  }

  /** A fault of ours: its kind and place, not its message, which could quote a request. */
  fault(fault: unknown): void {
    const name = fault instanceof Error ? fault.name : typeof fault
    // A message can have lines too; only those that say where are kept.
    const places = fault instanceof Error ? (fault.stack?.match(/^ {4}at .*$/gm) ?? []) : []
    const stack = places.slice(0, 5).map((line) => line.trim())
    this.#logger.error({ fault: name, stack }, 'internal error')
  }

  /** One decision. */
  decided(event: DecisionEvent): void {
    const { decision } = event
    if (decision.outcome === 'allow') {
      if (this.#allowSampleEvery === 0) return
      this.#allows += 1
      if (this.#allows % this.#allowSampleEvery !== 0) return
      this.#logger.info(decisionLine(event), 'allowed')
    } else if (decision.outcome === 'deny') {
      if (this.#logger.isLevelEnabled('info')) this.#logger.info(decisionLine(event), 'denied')
    } else {
      this.#logger.warn(decisionLine(event), 'could not decide')
    }
  }
}

function decisionLine(event: DecisionEvent): Record<string, unknown> {
  const { decision, request, requestId } = event
  const { labels, principal } = decision
  return {
    decision_id: event.decisionId,
    decision: labels.decision,
    reason: labels.reason,
    route: labels.route,
    issuer: labels.issuer,
    // Verified, and of the template's form: never a text of somebody's choice.
    iss: principal?.token.tenantIssuer,
    door: event.door,
    fault: event.fault,
    client: principal?.client === undefined ? undefined : redactJwt(principal.client),
    method: request === undefined ? undefined : redact(request.method),
    host: request === undefined ? undefined : redact(request.host),
    path: request === undefined ? undefined : redactPath(request.target.split('?', 1)[0] ?? ''),
    request_id: requestId === undefined ? undefined : redactRequestId(requestId),
    duration_ms: Number(event.durationMs.toFixed(3)),
  }
}
