/**
 * What a client is told about a refusal: status, headers and body, the same through every door.
 *
 * The rules are:
 *   - the body says what the challenge says and nothing more; reasons, ids and claims stay with the operator;
 *   - nothing is cacheable (RFC 9111 section 5.2.2.5);
 *   - "unavailable" has a Retry-After and no challenge, so that clients keep a token that may be good.
 */
import { formatChallenge } from '../bearer/index.js'
import type { Refusal } from './decision.js'
import { reasonAnswers, retryAfterSeconds, type ReasonAnswer } from './reason.js'

/** In which form a client wants to be refused: with a JSON body, without a body, or as gRPC. */
export type AnswerFormat = 'json' | 'empty' | 'grpc'

/** An HTTP answer. Header names are lower case. */
export interface RefusalAnswer {
  readonly status: number
  readonly headers: readonly { readonly name: string; readonly value: string }[]
  readonly body: string
}

const maxAcceptLength = 1_024
/** Not application/grpc-web, whose refusals proxies do not translate. */
const grpcContentType = /^application\/grpc(?:$|[+; ])/i

/**
 * The format for a request: gRPC by its content type (proxies turn status and body into grpc-status and
 * grpc-message), JSON where Accept takes it or is missing (RFC 9110 section 12.5.1), else no body.
 */
export function answerFormat(
  contentType: string | undefined,
  accept: string | undefined,
): AnswerFormat {
  if (contentType !== undefined && grpcContentType.test(contentType)) return 'grpc'
  if (accept === undefined || accept === '*/*' || accept === '') return 'json'
  if (accept.length > maxAcceptLength) return 'json' // Nobody's; taking it apart would cost more than the check.
  return accept.split(',').some((range) => acceptsJson(range)) ? 'json' : 'empty'
}

/** Another status in place of one that a proxy would not understand. */
export type FoldStatus = (status: number, refusal: Refusal) => number

/** The answer to a refusal in a format. */
export function refusalAnswer(
  refusal: Refusal,
  format: AnswerFormat,
  foldStatus: FoldStatus = (status) => status,
): RefusalAnswer {
  const answer = reasonAnswers[refusal.reason]
  const status = foldStatus(format === 'grpc' ? answer.grpcHttpStatus : answer.httpStatus, refusal)
  const { challenge, outcome } = refusal
  const headers = [{ name: 'cache-control', value: 'no-store' }]
  if (challenge !== undefined) {
    headers.unshift({ name: 'www-authenticate', value: formatChallenge(challenge) })
  }
  if (outcome === 'unavailable') {
    headers.push({ name: 'retry-after', value: String(retryAfterSeconds) })
  }
  if (format === 'grpc') {
    return { status, headers, body: answer.description }
  }
  if (format === 'empty') return { status, headers, body: '' }
  headers.push({ name: 'content-type', value: 'application/json' })
  return { status, headers, body: jsonBody(refusal, answer, status) }
}

function jsonBody({ challenge }: Refusal, answer: ReasonAnswer, status: number): string {
  const { error, scopes = [] } = challenge ?? {}
  const body = {
    status,
    ...(error === undefined
      ? { message: answer.description }
      : { error, error_description: answer.description }),
    ...(scopes.length === 0 ? {} : { scope: scopes.join(' ') }),
  }
  return `${JSON.stringify(body)}\n`
}

function acceptsJson(range: string): boolean {
  const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase())
  if (type !== 'application/json' && type !== 'application/*' && type !== '*/*') return false
  return !parameters.some((parameter) => /^q=0(?:\.0{0,3})?$/.test(parameter))
}
