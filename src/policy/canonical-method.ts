/**
 * Methods as routes name them. They are case-sensitive (RFC 9110 section 9.1); a method in lower case is refused
 * instead of matched, because an upstream that folds case would answer it as another method than the gate decided on.
 */
const method = /^[A-Z][A-Z0-9_-]{0,31}$/

/** Whether the method has the only spelling that routes are matched on. Says nothing about whether a route takes it. */
export function isCanonicalMethod(candidate: string): boolean {
  return method.test(candidate)
}
