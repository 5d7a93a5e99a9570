/** RFC 6750 and nothing else: where the access token is, and how a protected resource asks for one. Pure. */
export { extractAccessToken, defaultMaxTokenBytes } from './extract-access-token.js'
export type { Extraction } from './extract-access-token.js'
export { formatChallenge } from './challenge.js'
export type { Challenge } from './challenge.js'
export type { BearerErrorCode } from './error-code.js'
