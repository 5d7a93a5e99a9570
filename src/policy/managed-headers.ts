/**
 * The headers that only Scopegate may set upstream, and how a client could try to smuggle one in.
 *
 * CGI, WSGI and PHP turn `-` into `_`, so `x_auth_subject` or `x-auth_subject` reaches such an upstream as the same
 * variable as `x-auth-subject`. Every spelling is removed, on every route, whether or not the header is set.
 */

/**
 * Headers with which a client asks an upstream framework to take the request for another method or path than the one
 * that was decided on. They are removed on every allow.
 */
export const requestOverrideHeaders: readonly string[] = [
  'x-http-method-override',
  'x-http-method',
  'x-method-override',
  'x-original-url',
  'x-rewrite-url',
]

/** More hyphens than this would make too many spellings; the configuration refuses such a name. */
export const maxHyphens = 5

/** Every other spelling of a header name with `_` in place of one or more `-`. */
export function underscoreTwins(name: string): readonly string[] {
  const parts = name.split('-')
  const gaps = parts.length - 1
  const twins: string[] = []
  for (let mask = 1; mask < 1 << gaps; mask++) {
    twins.push(parts.reduce((text, part, i) => text + ((mask >> (i - 1)) & 1 ? '_' : '-') + part))
  }
  return twins
}
