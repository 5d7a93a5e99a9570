/** Configurations that tests change in one place and have examined. */
import { readFileSync } from 'node:fs'
import { examineText, type Finding, type ProxyKind } from '../../../src/doctor/index.js'

/** A text and the one that takes its place. */
export type Edit = readonly [from: string, to: string]

/** A configuration with something wrong, and everything that the doctor is to say. */
export interface DoctorCase {
  readonly name: string
  readonly base: string
  readonly edits: readonly Edit[]
  /** Rule, and part of the line that it points at; nothing else may be found. */
  readonly finds: readonly (readonly [rule: string, line: string])[]
}

/** Every file for a proxy that the doctor reads, and that people copy. */
export const shippedFiles = [
  'deploy/envoy/envoy.yaml',
  'deploy/envoy/envoy-http.yaml',
  'deploy/nginx/nginx.conf',
] as const

/** The files that cases are made of by changing one thing. */
export const goodFiles = {
  envoyGrpc: 'deploy/envoy/envoy.yaml',
  envoyHttp: 'test/vectors/doctor/envoy-http.yaml',
  nginx: 'test/vectors/doctor/nginx.conf',
} as const

/** The text of a file with its edits; an edit that changes nothing is a fault of the test. */
export function edited(base: string, edits: readonly Edit[]): string {
  return edits.reduce(
    (text, [from, to]) => {
      if (!text.includes(from)) throw new TypeError(`${base} has no ${JSON.stringify(from)}`)
      return text.replace(from, () => to)
    },
    readFileSync(base, 'utf8'),
  )
}

/** What is found in a text. */
export function findingsIn(text: string, kind?: ProxyKind): readonly Finding[] {
  const diagnosis = examineText(text, 'proxy.conf', kind)
  if (diagnosis.kind === 'unreadable') throw new TypeError(diagnosis.message)
  return diagnosis.findings
}

/** The rules that find something in a text, and the lines that they point at. */
export function seenIn(text: string): readonly (readonly [rule: string, line: string])[] {
  const lines = text.split('\n')
  return findingsIn(text).map(({ rule, line }) => [rule, lines[line - 1]?.trim() ?? ''])
}
