/** Introspection: what the issuer of an opaque token, or of a JWT that is not trusted by its signature alone, says of it now. */
export type { CircuitState } from './circuit-breaker.js'
export { IssuerIntrospection } from './issuer-introspection.js'
export type { IntrospectionResult } from './observer.js'
export type { ClientAuthentication, IntrospectionOptions } from './options.js'
export { createRouteToken } from './route-token.js'
export { createTokenVerifier } from './verify-token.js'
