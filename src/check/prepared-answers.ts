/**
 * Answers in a door's own form, made once for each decision: decisions are shared objects, so most requests get an
 * answer that is there already.
 */
import type { Decision, Refusal } from './decision.js'
import type { AnswerFormat } from './refusal-answer.js'

/** The prepared answers of one door. */
export class PreparedAnswers<Answer> {
  /** Given when an answer cannot be made. Made at the start, so that there is one. */
  readonly lastResort: Answer
  readonly #prepare: (decision: Decision, format: AnswerFormat) => Answer
  readonly #onFault: (fault: unknown) => void

  /** `internalError` is what `lastResort` says. */
  constructor(
    prepare: (decision: Decision, format: AnswerFormat) => Answer,
    internalError: Refusal,
    onFault: (fault: unknown) => void,
  ) {
    this.#prepare = prepare
    this.#onFault = onFault
    this.lastResort = prepare(internalError, 'empty')
  }

  /** The answer to a decision; `format` matters only to refusals. Never throws: an answer is always there. */
  get(decision: Decision, format: AnswerFormat): Answer {
    try {
      for (let kept = decision.answers; kept !== undefined; kept = kept.next) {
        // What this maker has kept is of this type.
        if (kept.maker === this && kept.format === format) return kept.answer as Answer
      }
      const answer = this.#prepare(decision, format)
      decision.answers = { maker: this, format, answer, next: decision.answers }
      return answer
    } catch (fault) {
      this.#onFault(fault)
      return this.lastResort // Fail closed: an answer that cannot be built is not an allow.
    }
  }
}
