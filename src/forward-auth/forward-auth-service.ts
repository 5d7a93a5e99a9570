/**
 * One question over HTTP: which dialect, which original request, which decision, which answer.
 *
 * The rules are:
 *   - every question is answered, and every one that cannot be read is refused with 4xx: proxies take 5xx and broken
 *     connections for failures of the gate, and may be told to let requests through then;
 *   - only trusted proxies are answered: everybody else could tell any story about the original request;
 *   - the body of a question is not read.
 */
import {
  answerFormat,
  PreparedAnswers,
  type Allow,
  type AnswerFormat,
  type CheckRequest,
  type Decision,
  type DoorDependencies,
} from '../check/index.js'
import { contractReader, type ContractFields, type RawFields } from './contract-fields.js'
import type { Dialect } from './dialect.js'
import type { HttpAnswer, SendAnswer } from './http-answer.js'
import { prepareHttpAnswer } from './to-http-answer.js'

/** What the service needs. */
export interface ForwardAuthDependencies extends DoorDependencies {
  readonly dialects: readonly Dialect[]
  /** Every header, in every spelling, that only Scopegate may send upstream with an allow. */
  readonly managedHeaders: (allow: Allow) => readonly string[]
}

/** The head of a question as it arrived. Untrusted. */
export interface QuestionHead {
  readonly method: string
  readonly target: string
  readonly fields: RawFields
}

/** Answers questions. */
export interface ForwardAuthService {
  /** Answers one question. Never throws. */
  readonly handle: (head: QuestionHead, send: SendAnswer, isTrusted: boolean) => void
  /** Counts and logs a question that could not be read at all, and was refused by the server itself. */
  readonly unreadable: (fault: string) => void
}

/** A dialect that is ready to be asked. */
interface ReadyDialect {
  readonly dialect: Dialect | undefined
  readonly readFields: (raw: RawFields) => ContractFields
  readonly answers: PreparedAnswers<HttpAnswer>
}

/** One question, from its arrival to its answer. */
interface Question {
  readonly ready: ReadyDialect
  readonly fields: ContractFields | undefined
  readonly request: CheckRequest | undefined
  readonly startedAtMs: number
  readonly decisionId: string
  /** What is wrong with the question: a fixed text. */
  readonly fault: string | undefined
}

const forever = (): number => Number.POSITIVE_INFINITY

/** Creates the service. */
export function createForwardAuthService(
  dependencies: ForwardAuthDependencies,
): ForwardAuthService {
  const { check, observer, nextDecisionId, monotonicMs, onFault, managedHeaders } = dependencies
  const internalError = check.refuse('internal_error')
  const byPrefix = new Map(dependencies.dialects.map((dialect) => [dialect.prefix, ready(dialect)]))
  const noDialect = ready(undefined)

  function ready(dialect: Dialect | undefined): ReadyDialect {
    return {
      dialect,
      readFields: contractReader(dialect?.fields ?? {}),
      answers: new PreparedAnswers(
        (decision, format) => prepareHttpAnswer(decision, format, dialect, managedHeaders),
        internalError,
        onFault,
      ),
    }
  }

  function handle(head: QuestionHead, send: SendAnswer, isTrusted: boolean): void {
    const question = read(head, isTrusted)
    const decision = decide(question, isTrusted)
    if (decision instanceof Promise) {
      void decision.then((settled) => {
        respond(question, send, settled)
      })
    } else {
      respond(question, send, decision)
    }
  }

  function read({ method, target, fields: raw }: QuestionHead, isTrusted: boolean): Question {
    const startedAtMs = monotonicMs()
    const prefix = firstSegment(target)
    const ready = byPrefix.get(prefix) ?? noDialect
    // Nothing that a stranger says is looked at.
    const fields = isTrusted ? ready.readFields(raw) : undefined
    const original =
      fields === undefined
        ? untrusted
        : readOriginal(ready.dialect, method, fields, target.slice(prefix.length))
    return {
      ready,
      startedAtMs,
      decisionId: nextDecisionId(),
      fields,
      request: typeof original === 'string' ? undefined : original,
      fault: typeof original === 'string' ? original : undefined,
    }
  }

  function decide({ request }: Question, isTrusted: boolean): Decision | Promise<Decision> {
    if (!isTrusted) return check.refuse('untrusted_proxy')
    return request === undefined ? check.refuse('malformed_request') : check(request)
  }

  /** Sends the answer, then tells the observer what was sent; a fault in either is never the proxy's. */
  function respond(question: Question, send: SendAnswer, decision: Decision): void {
    const { ready, fields, decisionId } = question
    const format = decision.outcome === 'allow' ? 'json' : formatFor(ready.dialect, fields)
    const answer = ready.answers.get(decision, format)
    const isSent = answer !== ready.answers.lastResort && isSentBy(send, answer, decisionId)
    if (!isSent) isSentBy(send, ready.answers.lastResort, decisionId)
    observe(question, isSent ? decision : internalError)
  }

  function isSentBy(send: SendAnswer, answer: HttpAnswer, decisionId: string): boolean {
    try {
      send(answer, decisionId)
      return true
    } catch (fault) {
      onFault(fault) // Fail closed: an answer that cannot be sent is not an allow.
      return false
    }
  }

  function observe(question: Question, decision: Decision): void {
    const { ready, fields, request, decisionId, startedAtMs, fault } = question
    try {
      observer.decided({
        decision,
        request,
        decisionId,
        requestId: fields?.requestId,
        door: ready.dialect?.door ?? 'http',
        durationMs: monotonicMs() - startedAtMs,
        fault,
      })
    } catch (thrown) {
      onFault(thrown)
    }
  }

  return {
    handle,
    unreadable(fault) {
      const question = {
        ready: noDialect,
        startedAtMs: monotonicMs(),
        decisionId: nextDecisionId(),
      }
      observe(
        { ...question, fields: undefined, request: undefined, fault },
        check.refuse('malformed_request'),
      )
    },
  }
}

/** The path up to its second slash or its query. */
function firstSegment(target: string): string {
  const slash = target.indexOf('/', 1)
  const query = target.indexOf('?')
  const end = query < 0 || (slash >= 0 && slash < query) ? slash : query
  return end < 0 ? target : target.slice(0, end)
}

function formatFor(dialect: Dialect | undefined, fields: ContractFields | undefined): AnswerFormat {
  if (dialect?.wantsNoBody === true) return 'empty'
  return answerFormat(fields?.contentType, fields?.accept)
}

const untrusted = 'the address is in none of trustedProxies'

/** The original request, or what is wrong with the question. */
function readOriginal(
  dialect: Dialect | undefined,
  method: string,
  fields: ContractFields,
  rest: string,
): CheckRequest | string {
  if (dialect === undefined) return 'the path is none of the dialects'
  if (fields.fault !== undefined) return fields.fault
  const { authorization, host = '', target = '' } = fields
  const request = {
    method: dialect.isTransparent ? method : (fields.method ?? ''),
    target: dialect.isTransparent ? rest : target,
    host,
    authorization,
    selection: undefined,
    remainingMs: forever,
  }
  if (dialect.isTransparent) return request
  // Caddy sends the client's query along, unless it is told not to; it says nothing that the contract does not say.
  if (rest !== '' && !rest.startsWith('?')) return 'there is more behind the name of the dialect'
  if (dialect.targetOf === undefined) return request
  const parts = dialect.targetOf(target)
  return parts === undefined
    ? `${dialect.fields.target ?? ''} is not a URL`
    : { ...request, ...parts }
}
