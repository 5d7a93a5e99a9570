/** What is answered when nobody can tell. */
import { read, unavailable, type ContractCase } from './contract-case.js'

export const unavailableCases: readonly ContractCase[] = [
  {
    name: 'is unavailable while the issuer never gave its keys',
    reason: 'keys_unavailable',
    world: 'keyless',
    request: read(),
    ...unavailable,
  },
  {
    name: 'is unavailable while nobody knows what is revoked, and all are to be refused then',
    reason: 'revocation_unavailable',
    world: 'unsure',
    request: read(),
    ...unavailable,
  },
  {
    name: 'is unavailable when the decision takes too long',
    reason: 'deadline',
    world: 'hanging',
    request: read(),
    ...unavailable,
  },
  {
    name: 'is unavailable when too many requests wait',
    reason: 'overloaded',
    world: 'crowded',
    request: read(),
    ...unavailable,
  },
  {
    name: 'denies when it has a bug',
    reason: 'internal_error',
    world: 'broken',
    request: read(),
    ...unavailable,
    status: 500,
    statusCode: 13,
  },
]
