/** What deploy/hook-up has of Kubernetes' own kinds is good for the Kubernetes versions that are supported. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { hookUpDocuments } from '../support/hook-up-manifests.js'

const files = hookUpDocuments()
  .filter(({ name }) => name === 'Ingress')
  .map(({ file }) => file)

/** What is wrong with a manifest; unknown fields are. Empty if nothing is. */
function problemsOf(file: string, version: string): string {
  try {
    execFileSync('.venv/bin/kubernetes-validate', ['--strict', '-k', version, file], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    return ''
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: Buffer; stderr?: Buffer }
    return `${String(stdout ?? '')}${String(stderr ?? error)}`
  }
}

describe.each(['1.35', '1.36', '1.37'])('Kubernetes %s', (version) => {
  it.each(files)('takes %s', (file) => {
    expect(problemsOf(file, version)).toBe('')
  })

  it.each(files)('does not take %s with one letter wrong', (file) => {
    const directory = mkdtempSync(join(tmpdir(), 'scopegate-manifest-'))
    const copy = join(directory, 'ingress.yaml')
    const text = readFileSync(file, 'utf8')
    writeFileSync(copy, text.replace('ingressClassName:', 'ingressClassNamex:'))
    expect(problemsOf(copy, version)).toContain("'ingressClassNamex' was unexpected")
    rmSync(directory, { recursive: true })
  })
})
