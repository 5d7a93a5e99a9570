/**
 * The header fields by which a proxy tells what it was asked, read so that nobody else can tell it.
 *
 * The rules are:
 *   - a dialect names its fields and gets no others, whatever else a client sent through the proxy;
 *   - a contract field is there exactly once: two of one name are two stories, and the question is refused;
 *   - repeated Authorization fields are joined by a comma, which is no credential (RFC 6750 section 2.1).
 */

/** Header fields as they arrived: name, value, name, value. */
export type RawFields = readonly string[]

/** The fields by which a dialect knows the original request, in lower case; undefined where it is told otherwise. */
export interface ContractNames {
  readonly method?: string
  readonly target?: string
  readonly host?: string
}

/** What the fields say. Untrusted beyond the contract's own. */
export interface ContractFields {
  method: string | undefined
  target: string | undefined
  host: string | undefined
  authorization: string | undefined
  accept: string | undefined
  contentType: string | undefined
  requestId: string | undefined
  /** What is wrong with the contract's own fields: a fixed text. */
  fault: string | undefined
}

type Field = Exclude<keyof ContractFields, 'fault'>

const commonFields: readonly (readonly [string, Field])[] = [
  ['authorization', 'authorization'],
  ['accept', 'accept'],
  ['content-type', 'contentType'],
  ['x-request-id', 'requestId'],
]

/** Makes the reader of a dialect. It reads in one pass and never throws. */
export function contractReader(names: ContractNames): (raw: RawFields) => ContractFields {
  const contract = Object.entries(names) as (readonly [Field, string])[]
  const byLength = fieldsByLength([
    ...commonFields,
    ...contract.map(([field, name]) => [name, field] as const),
  ])
  const nameOf = new Map<Field, string>(contract)
  const faultOf = (field: Field, what: string): string => `${nameOf.get(field) ?? ''} is ${what}`

  return (raw) => {
    const fields: ContractFields = {
      method: undefined,
      target: undefined,
      host: undefined,
      authorization: undefined,
      accept: undefined,
      contentType: undefined,
      requestId: undefined,
      fault: undefined,
    }
    for (let i = 0; i + 1 < raw.length; i += 2) {
      const name = raw[i] as string
      const candidates = byLength[name.length]
      const field = candidates === undefined ? undefined : fieldNamed(name, candidates)
      if (field === undefined) continue
      const value = raw[i + 1] as string
      const before = fields[field]
      if (before === undefined) fields[field] = value
      else if (field === 'authorization') fields.authorization = `${before},${value}`
      else if (nameOf.has(field)) fields.fault = faultOf(field, 'given twice')
    }
    for (const [field] of contract) {
      if (fields[field] === undefined) fields.fault ??= faultOf(field, 'missing')
    }
    return fields
  }
}

/** A name of a contract in lower case and as proxies write it, which spares most names the making of a lower case. */
interface Candidate {
  readonly name: string
  readonly usual: string
  readonly field: Field
}

/** Which of these fields, whose names are as long as this one, has the name. */
function fieldNamed(name: string, candidates: readonly Candidate[]): Field | undefined {
  for (const { name: lowerCase, usual, field } of candidates) {
    if (name === usual || name === lowerCase || name.toLowerCase() === lowerCase) return field
  }
  return undefined
}

/** Few lengths are those of a field, so that most names are passed over without a look at their letters. */
function fieldsByLength(
  fields: readonly (readonly [name: string, Field])[],
): readonly (readonly Candidate[] | undefined)[] {
  const byLength: Candidate[][] = []
  for (const [name, field] of fields) {
    const usual = name.replaceAll(/\b[a-z]/g, (letter) => letter.toUpperCase())
    ;(byLength[name.length] ??= []).push({ name, usual, field })
  }
  return byLength
}
