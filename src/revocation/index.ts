/** Revocation: which genuine access tokens are refused all the same, from a file, from operators, and from a store. */
export { parseAdminToken } from './admin-token.js'
export { IssuerNames } from './issuer-names.js'
export { createRedisStore } from './load-redis-store.js'
export type { RevocationResult, RevocationSource } from './observer.js'
export type { RevocationCounts } from './revocation.js'
export { parseRevocationFile } from './revocation-file.js'
export { RevocationService } from './revocation-service.js'
export type { RevocationOptions } from './revocation-service.js'
