/** `scopegate doctor`: everything in a proxy's configuration that weakens the gate. */
import { examineFile, formatFinding, formatPlace, type ProxyKind } from '../doctor/index.js'
import type { Output } from './check-config.js'
import { exitCode } from './exit-code.js'

/** What the command line says beside the files. */
export interface DoctorOptions {
  /** Instead of what a file looks like. */
  readonly kind?: ProxyKind
}

/** Examines files and says what is wrong. Returns the exit code: what cannot be read outweighs what is found. */
export function doctor(files: readonly string[], { kind }: DoctorOptions, output: Output): number {
  let code = exitCode.good
  let errors = 0
  let warnings = 0
  for (const file of files) {
    const diagnosis = examineFile(file, kind)
    if (diagnosis.kind === 'unreadable') {
      output.error(`${formatPlace(diagnosis.at)}: ${diagnosis.message}`)
      code = exitCode.usage
      continue
    }
    for (const finding of diagnosis.findings) {
      output.error(formatFinding(finding))
      if (finding.severity === 'error') errors++
      else warnings++
    }
    if (diagnosis.findings.length === 0) output.out(`${file}: good (${names[diagnosis.kind]})`)
  }
  if (errors + warnings === 0) return code
  output.error(`${counted(errors, 'error')}, ${counted(warnings, 'warning')}`)
  return code === exitCode.good ? exitCode.problems : code
}

const names: Readonly<Record<ProxyKind, string>> = { envoy: 'Envoy', nginx: 'NGINX' }

function counted(count: number, noun: string): string {
  return `${String(count)} ${noun}${count === 1 ? '' : 's'}`
}
