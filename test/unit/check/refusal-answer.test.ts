/** What a client is told: status, headers and body of every refusal (design 4, standards 14 to 27). */
import { describe, expect, it } from 'vitest'
import {
  answerFormat,
  reasonAnswers,
  reasons,
  refusalAnswer,
  type Reason,
} from '../../../src/check/index.js'
import { LabelRegistry, Refusals } from '../../../src/check/refusals.js'
import { createResource, createRoute } from '../../support/policy.js'

const route = createRoute({ challengeScopes: ['read:users', 'write:users'] })

function refuse(reason: Reason, on: typeof route | undefined = route) {
  return new Refusals(new LabelRegistry()).create(reason, on, undefined, undefined)
}

describe('answerFormat', () => {
  it.each([
    [undefined, undefined, 'json'],
    [undefined, '', 'json'],
    [undefined, '*/*', 'json'],
    [undefined, 'application/json', 'json'],
    [undefined, 'Application/JSON', 'json'],
    [undefined, 'application/*', 'json'],
    [undefined, 'text/html, application/json;q=0.9', 'json'],
    [undefined, 'text/html,*/*;q=0.1', 'json'],
    [undefined, 'application/json; charset=utf-8', 'json'],
    [undefined, 'text/html', 'empty'],
    [undefined, 'text/*, image/png', 'empty'],
    [undefined, 'application/json;q=0', 'empty'],
    [undefined, 'application/json; Q=0.000', 'empty'],
    [undefined, 'application/jsonp', 'empty'],
    [undefined, 'garbage', 'empty'],
    ['application/json', undefined, 'json'],
    ['application/grpc', undefined, 'grpc'],
    ['application/grpc+proto', 'application/json', 'grpc'],
    ['Application/GRPC', undefined, 'grpc'],
    ['application/grpc-web', undefined, 'json'],
  ])('of content type %j and Accept %j is %s', (contentType, accept, format) => {
    expect(answerFormat(contentType, accept)).toBe(format)
  })
})

describe('refusalAnswer', () => {
  const challenge = 'Bearer realm="users", scope="read:users write:users"'
  const noStore = { name: 'cache-control', value: 'no-store' }
  const json = { name: 'content-type', value: 'application/json' }

  it('asks for a token without an error when none came', () => {
    expect(refusalAnswer(refuse('missing_token'), 'json')).toEqual({
      status: 401,
      headers: [{ name: 'www-authenticate', value: challenge }, noStore, json],
      body: '{"status":401,"message":"An access token is required","scope":"read:users write:users"}\n',
    })
  })

  it('names every scope when one is lacking', () => {
    expect(refusalAnswer(refuse('insufficient_scope'), 'json')).toEqual({
      status: 403,
      headers: [
        {
          name: 'www-authenticate',
          value:
            'Bearer realm="users", error="insufficient_scope", error_description="The access token lacks a required scope", scope="read:users write:users"',
        },
        noStore,
        json,
      ],
      body: '{"status":403,"error":"insufficient_scope","error_description":"The access token lacks a required scope","scope":"read:users write:users"}\n',
    })
  })

  it('says nothing more in the body than in the challenge', () => {
    expect(refusalAnswer(refuse('bad_signature'), 'json').body).toBe(
      '{"status":401,"error":"invalid_token","error_description":"The access token is not valid here"}\n',
    )
  })

  it('asks to try again, without a challenge, when it could not tell', () => {
    expect(refusalAnswer(refuse('keys_unavailable'), 'json')).toEqual({
      status: 503,
      headers: [noStore, { name: 'retry-after', value: '5' }, json],
      body: '{"status":503,"message":"Access tokens cannot be verified at the moment"}\n',
    })
  })

  it('has no body for a client that takes no JSON', () => {
    expect(refusalAnswer(refuse('no_route', undefined), 'empty')).toEqual({
      status: 403,
      headers: [noStore],
      body: '',
    })
  })

  it.each<[Reason, number]>([
    ['missing_token', 401],
    ['malformed_credentials', 401],
    ['expired', 401],
    ['insufficient_scope', 403],
    ['no_route', 403],
    ['ambiguous_path', 403],
    ['keys_unavailable', 503],
    ['internal_error', 500],
  ])('has a status for %s that a proxy turns into the right gRPC code', (reason, status) => {
    const answer = refusalAnswer(refuse(reason), 'grpc')
    expect(answer.status).toBe(status)
    expect(answer.body).toBe(reasonAnswers[reason].description)
    expect(answer.headers.map(({ name }) => name)).not.toContain('content-type')
  })

  it('names the metadata of the resource where there is some', () => {
    const metadataUrl = 'https://api.example.com/.well-known/oauth-protected-resource'
    const described = createRoute({ resource: createResource({ metadataUrl }) })
    for (const reason of ['missing_token', 'expired', 'insufficient_scope'] as const) {
      const { headers } = refusalAnswer(refuse(reason, described), 'json')
      expect(headers[0]!.value).toContain(`, resource_metadata="${metadataUrl}"`)
    }
  })
})

describe('the table of reasons', () => {
  it('never has the status code 0, which is an allow', () => {
    for (const reason of reasons) expect(reasonAnswers[reason].statusCode).toBeGreaterThan(0)
  })

  it('never has an HTTP status below 400', () => {
    for (const reason of reasons) {
      expect(reasonAnswers[reason].httpStatus).toBeGreaterThanOrEqual(400)
      expect(reasonAnswers[reason].grpcHttpStatus).toBeGreaterThanOrEqual(400)
    }
  })

  it('has a challenge on every 401, and none where nobody could tell', () => {
    for (const reason of reasons) {
      const { headers, status } = refusalAnswer(refuse(reason), 'json')
      const names = headers.map(({ name }) => name)
      if (status === 401) expect(names).toContain('www-authenticate')
      if (status >= 500) {
        expect(names).not.toContain('www-authenticate')
        expect(names).toContain('retry-after')
      }
    }
  })

  it('has the status that RFC 6750 section 3.1 gives to each error', () => {
    const statuses = { invalid_request: 400, invalid_token: 401, insufficient_scope: 403 }
    for (const { error, httpStatus } of Object.values(reasonAnswers)) {
      if (error !== null && error !== undefined) expect(httpStatus).toBe(statuses[error])
    }
  })

  it('describes only in characters that RFC 6750 section 3 allows', () => {
    for (const reason of reasons) {
      expect(reasonAnswers[reason].description).toMatch(/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/)
    }
  })

  it('has no more than twelve sentences for a token that is refused', () => {
    const sentences = Object.values(reasonAnswers)
      .filter(({ error }) => error === 'invalid_token')
      .map(({ description }) => description)
    expect(new Set(sentences).size).toBeLessThanOrEqual(12)
  })
})
