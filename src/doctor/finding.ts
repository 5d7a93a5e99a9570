/** What weakens the gate, where, and the rules that find it. */

/**
 * `error`: a request can get past the gate, or a client can forge what the gate decides on or what the upstream trusts.
 * `warning`: requests are refused that need not be, faults are hard to see, or a second line of defence is missing.
 */
export type Severity = 'error' | 'warning'

/** A place in a file. Lines and columns count from 1. */
export interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** One thing found. */
export interface Finding extends Place {
  readonly rule: string
  readonly severity: Severity
  readonly message: string
  readonly hint: string
}

/** What a rule says of one place; without a message it is what the rule says in general. */
export interface Sighting {
  readonly at: Place
  readonly message?: string
}

/** What the docs list of a rule. */
export interface RuleSummary {
  readonly id: string
  readonly severity: Severity
  /** One sentence, true of everything that the rule finds. */
  readonly what: string
  readonly mend: string
}

/** A rule: its words, and the one function that looks. */
export interface Rule<Subject> extends RuleSummary {
  readonly find: (subject: Subject) => readonly Sighting[]
}

/** Everything that the rules find in a subject; `name` tells subjects of one file apart. */
export function findAll<Subject>(
  rules: readonly Rule<Subject>[],
  subject: Subject,
  name = '',
): readonly Finding[] {
  return rules.flatMap(({ id, severity, what, mend, find }) =>
    find(subject).map(({ at: { file, line, column }, message }) => ({
      file,
      line,
      column,
      rule: id,
      severity,
      message: `${message ?? what}${name === '' ? '' : ` (${name})`}`,
      hint: mend,
    })),
  )
}

/** The finding as lines: `file:line:column: severity: message [rule]`, and the hint below it. */
export function formatFinding(finding: Finding): string {
  const { severity, message, rule, hint } = finding
  return `${formatPlace(finding)}: ${severity}: ${message} [${rule}]\n  hint: ${hint}`
}

/** `file:line:column`. */
export function formatPlace({ file, line, column }: Place): string {
  return `${file}:${String(line)}:${String(column)}`
}

/** Findings in the order of the file, each once. */
export function inOrder(findings: readonly Finding[]): readonly Finding[] {
  const distinct = new Map(findings.map((finding) => [formatFinding(finding), finding]))
  return [...distinct.values()].sort(
    (a, b) => a.file.localeCompare(b.file) || a.line - b.line || a.column - b.column,
  )
}
