/**
 * Who calls: whether somebody acts for the subject (RFC 8693 section 4.1), and whether the subject is a user or a client.
 *
 * The rules are:
 *   - only the outermost `act` is the actor; those inside it are history and decide nothing;
 *   - an `act` that does not name a subject is never accepted: who acts is then not known;
 *   - a subject type that cannot be told, or that two signs tell differently, is neither;
 *   - an issuer with a rule of its own is told by that rule alone.
 */
import { resolveJsonPointer, type JsonPointer } from './json-pointer.js'

/** Delegated tokens: all with an actor, none, or those of the named actors. */
export type Delegation = 'allow' | 'refuse' | { readonly actors: ReadonlySet<string> }

/** Who the subject of a token is. */
export type SubjectType = 'user' | 'client'

/** How an issuer says who the subject is: a claim and its values. */
export interface SubjectTypeRule {
  readonly claim: JsonPointer
  readonly user: ReadonlySet<string>
  readonly client: ReadonlySet<string>
  /** What a token without the claim is; undefined for "not known". */
  readonly absent: SubjectType | undefined
}

/** The claims that this file reads, beside those of rules. */
export const callerClaims: Readonly<Record<'delegation' | 'subjectType', readonly string[]>> = {
  delegation: ['act', 'iss'],
  subjectType: ['sub', 'gty', 'idtyp', 'oid'],
}

type Claims = Readonly<Record<string, unknown>>

/** Whether a token may be used here as far as its actor goes. A token without `act` may. */
export function isActorAccepted(delegation: Delegation, claims: Claims): boolean {
  if (!Object.hasOwn(claims, 'act')) return true
  const actor = resolveJsonPointer(claims, ['act', 'sub'])
  // Fail closed: somebody acts, and nobody knows who.
  if (delegation === 'refuse' || typeof actor !== 'string' || actor === '') return false
  if (delegation === 'allow') return true
  // A subject is a name at its issuer only: the same at another is somebody else.
  const issuer = resolveJsonPointer(claims, ['act', 'iss'])
  return (issuer === undefined || issuer === claims['iss']) && delegation.actors.has(actor)
}

/** Who the subject is, or undefined when it cannot be told. `clients` are the client ids that the token names. */
export function subjectTypeOf(
  claims: Claims,
  clients: readonly string[],
  rule: SubjectTypeRule | undefined,
): SubjectType | undefined {
  if (rule !== undefined) {
    const value = resolveJsonPointer(claims, rule.claim)
    if (value === undefined) return rule.absent
    if (typeof value !== 'string') return undefined
    return rule.client.has(value) ? 'client' : rule.user.has(value) ? 'user' : undefined
  }
  const signs = new Set(signsOf(claims, clients).filter((sign) => sign !== undefined))
  const [only] = signs
  return signs.size === 1 ? only : undefined
}

/** What each sign says: RFC 9068 section 2.2 (`sub`), Auth0 (`gty`, `@clients`), Entra (`idtyp`). */
function signsOf(claims: Claims, clients: readonly string[]): readonly (SubjectType | undefined)[] {
  const { sub, gty, idtyp } = claims
  const says = [
    idtyp === 'app' ? 'client' : idtyp === 'user' ? 'user' : undefined,
    gty === 'client-credentials' ? 'client' : undefined,
  ] as const
  if (typeof sub !== 'string') return says
  // The client's own id before it: a user may choose a name that ends like that.
  const isClient = clients.some((id) => sub === id || sub === `${id}@clients`)
  if (isClient) return [...says, 'client']
  // Entra's `sub` of an application is an id of its own, so that it proves nothing where there is an `oid`.
  const isTelling = clients.length > 0 && !Object.hasOwn(claims, 'oid')
  // What another sign already told of a client, a different `sub` does not contradict.
  return isTelling && !says.includes('client') ? [...says, 'user'] : says
}
