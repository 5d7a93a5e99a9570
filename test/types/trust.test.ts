/**
 * What the compiler promises about trust: nothing is left out that a verification would then leave out, too.
 * `npm run typecheck` is the judge; at run time there is nothing left to see.
 */
import { describe, expectTypeOf, it } from 'vitest'
import type { Check, CheckDependencies, CheckRequest } from '../../src/check/index.js'
import type { Extraction } from '../../src/bearer/index.js'
import type { JwsAlgorithm } from '../../src/jwks/index.js'
import type { CanonicalPath, ProtectedResource, Route } from '../../src/policy/index.js'
import type { Authentication, TrustedIssuer, VerifiedAccessToken } from '../../src/token/index.js'
import type { createJwtVerifier } from '../../src/token/index.js'

describe('a protected resource', () => {
  it('cannot be built without audiences', () => {
    expectTypeOf<Omit<ProtectedResource, 'audiences'>>().not.toExtend<ProtectedResource>()
    const resource: Omit<ProtectedResource, 'audiences'> = {
      id: 'a',
      realm: 'a',
      issuers: new Set(),
      upstreamHeaders: [],
      metadataUrl: undefined,
    }
    // @ts-expect-error: undefined would mean "whatever audience"
    const built: ProtectedResource = { ...resource, audiences: undefined }
    expectTypeOf(built).toEqualTypeOf<ProtectedResource>()
  })

  it('cannot be built without its issuers', () => {
    expectTypeOf<Omit<ProtectedResource, 'issuers'>>().not.toExtend<ProtectedResource>()
  })
})

describe('a route', () => {
  it('cannot be built without its resource, its access or its requirement', () => {
    expectTypeOf<Omit<Route, 'resource'>>().not.toExtend<Route>()
    expectTypeOf<Omit<Route, 'access'>>().not.toExtend<Route>()
    expectTypeOf<Omit<Route, 'requirement'>>().not.toExtend<Route>()
  })

  it('has no access but these', () => {
    expectTypeOf<Route['access']>().toEqualTypeOf<'public' | 'authenticated' | 'restricted'>()
  })
})

describe('a trusted issuer', () => {
  it('cannot be built without its algorithms, its token types or its tolerance', () => {
    expectTypeOf<Omit<TrustedIssuer, 'algorithms'>>().not.toExtend<TrustedIssuer>()
    expectTypeOf<Omit<TrustedIssuer, 'tokenTypes'>>().not.toExtend<TrustedIssuer>()
    expectTypeOf<Omit<TrustedIssuer, 'clockToleranceMs'>>().not.toExtend<TrustedIssuer>()
    expectTypeOf<Omit<TrustedIssuer, 'issuer'>>().not.toExtend<TrustedIssuer>()
  })

  it('verifies with no symmetric algorithm but HS256, and not with none', () => {
    // @ts-expect-error: one is enough for the issuers that have no other
    const symmetric: JwsAlgorithm = 'HS512'
    // @ts-expect-error: no signature
    const none: JwsAlgorithm = 'none'
    expectTypeOf([symmetric, none]).toEqualTypeOf<JwsAlgorithm[]>()
  })

  it('is needed to build a verifier', () => {
    type Needed = Parameters<typeof createJwtVerifier>[0]
    expectTypeOf<Omit<Needed, 'issuers'>>().not.toExtend<Needed>()
    expectTypeOf<Omit<Needed, 'wallMs'>>().not.toExtend<Needed>()
  })
})

describe('an authentication', () => {
  it('is narrowed before its token is read', () => {
    const read = (authentication: Authentication): unknown => {
      // @ts-expect-error: what was rejected has no token
      const token: unknown = authentication.token
      return authentication.kind === 'verified' ? authentication.token : token
    }
    expectTypeOf(read).toBeFunction()
  })

  it('says in every token whether it is bound to a key', () => {
    expectTypeOf<VerifiedAccessToken['isSenderConstrained']>().toEqualTypeOf<boolean>()
    expectTypeOf<
      Omit<VerifiedAccessToken, 'isSenderConstrained'>
    >().not.toExtend<VerifiedAccessToken>()
  })
})

describe('what comes from a request', () => {
  it('is narrowed before a token or a path is taken from it', () => {
    const read = (extraction: Extraction, path: CanonicalPath): unknown[] => [
      // @ts-expect-error: there may be none
      extraction.accessToken,
      // @ts-expect-error: it may be ambiguous
      path.path,
    ]
    expectTypeOf(read).toBeFunction()
  })

  it('names everything, also what is missing', () => {
    expectTypeOf<Omit<CheckRequest, 'authorization'>>().not.toExtend<CheckRequest>()
    expectTypeOf<Omit<CheckRequest, 'selection'>>().not.toExtend<CheckRequest>()
    expectTypeOf<Omit<CheckRequest, 'remainingMs'>>().not.toExtend<CheckRequest>()
  })
})

describe('a check', () => {
  it('cannot be built without its limits and its clock', () => {
    expectTypeOf<Omit<CheckDependencies, 'limits'>>().not.toExtend<CheckDependencies>()
    expectTypeOf<Omit<CheckDependencies, 'clock'>>().not.toExtend<CheckDependencies>()
  })

  it('refuses for a reason of the closed set only', () => {
    const refuse = (check: Check): unknown =>
      // @ts-expect-error: not a reason
      check.refuse('because')
    expectTypeOf(refuse).toBeFunction()
  })
})
