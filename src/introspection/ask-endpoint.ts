/**
 * One question to an introspection endpoint, and the members of its answer (RFC 7662 section 2, RFC 9701 section 5).
 *
 * The rules are:
 *   - https only, except to this machine or where the operator allowed it; no redirect is followed, so token and
 *     credentials go to one place;
 *   - time and size are limited while reading, so a slow or endless body ends too;
 *   - only status 200 with the media type that was asked for is an answer: all else is the endpoint's trouble and tells
 *     nothing of the token, a 401 about our credentials included (RFC 7662 section 2.3);
 *   - no member may be there twice, and no message has anything of the answer, the token or the credentials in it.
 */
import { isFetchable, type Fetch } from '../jwks/index.js'
import { parseJsonObject } from '../token/index.js'
import type { Credentials } from './client-authentication.js'

/** How a question is asked. */
export interface Question {
  readonly endpoint: string
  readonly accessToken: string
  readonly credentials: Credentials
  readonly signed: boolean
  readonly timeoutMs: number
  readonly maxResponseBytes: number
  readonly allowInsecure: boolean
}

/** The endpoint works, and does not take this question: that may be the fault of the token in it. */
export class QuestionRefused extends Error {}

/** RFC 6749 section 5.2 has 400 for a bad request; the others are about its size and form. */
const refusingStatuses = [400, 413, 414, 422, 431]

const signedType = 'application/token-introspection+jwt'

/** The body of the answer. Rejects with one sentence for operators. */
export async function askEndpoint(question: Question, fetch: Fetch): Promise<Uint8Array> {
  const { endpoint, accessToken, credentials, signed } = question
  if (!isFetchable(endpoint, question.allowInsecure)) {
    throw new Error(`${endpoint} is not an https URL`)
  }
  const expected = signed ? signedType : 'application/json'
  const response = await fetch(endpoint, {
    method: 'POST',
    redirect: 'manual',
    signal: AbortSignal.timeout(Math.ceil(question.timeoutMs)),
    headers: {
      ...credentials.headers,
      accept: expected,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: new URLSearchParams({
      token: accessToken,
      token_type_hint: 'access_token',
      ...credentials.form,
    }).toString(),
  })
  const fault = faultOf(response, expected)
  if (fault !== undefined) {
    await response.body?.cancel()
    const isRefused = refusingStatuses.includes(response.status)
    throw new (isRefused ? QuestionRefused : Error)(`${endpoint} ${fault}`)
  }
  return await readBody(response, question)
}

/** The members of an unsigned answer. Throws when it is no JSON object, or one with two meanings. */
export function membersOf(body: Uint8Array): Readonly<Record<string, unknown>> {
  const members = parseJsonObject(body)
  if (members === undefined) throw new Error('the answer is not one unambiguous JSON object')
  return members
}

function faultOf(response: Response, expected: string): string | undefined {
  const { status } = response
  if (status === 401) return 'does not accept our credentials (status 401)'
  if (status !== 200) return `answered with status ${String(status)}`
  const type = response.headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase()
  return type === expected ? undefined : `answered with something that is not ${expected}`
}

async function readBody(
  response: Response,
  { endpoint, maxResponseBytes }: Question,
): Promise<Uint8Array> {
  if (response.body === null) throw new Error(`${endpoint} answered without a body`)
  const chunks: Uint8Array[] = []
  let bytes = 0
  // Leaving the loop by an exception cancels the stream and with it the connection.
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength
    if (bytes > maxResponseBytes) {
      throw new Error(`${endpoint} answered with more than ${String(maxResponseBytes)} bytes`)
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
