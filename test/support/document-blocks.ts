/** The blocks of a document: commands with what they print, and configurations. */
import { spawnSync } from 'node:child_process'
import { expect } from 'vitest'

/** A command of a `console` block, and the lines that are shown of its output; `…` stands for anything. */
export interface Step {
  readonly command: string
  readonly expected: readonly string[]
}

/** The blocks of a language, without the indentation that they have in a list. */
export function blocksOf(document: string, language: string): readonly string[] {
  const fenced = new RegExp(String.raw`^( *)\`\`\`${language}\n(.*?)^ *\`\`\``, 'gms')
  return [...document.matchAll(fenced)].map(([, indent = '', text = '']) =>
    text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  )
}

/** The sections of a document by their titles, which are no part of them. */
export function sectionsOf(document: string): ReadonlyMap<string, string> {
  return new Map(
    document
      .split(/^## /m)
      .slice(1)
      .map((section) => {
        const [title = '', ...lines] = section.split('\n')
        return [title, lines.join('\n').trim()]
      }),
  )
}

/** The steps of a `console` block. */
export function stepsOf(block: string): readonly Step[] {
  return block
    .split(/^\$ /m)
    .slice(1)
    .map((text) => {
      const [command = '', ...expected] = text.trimEnd().split('\n')
      return { command, expected }
    })
}

/**
 * Runs a block with `bash` and expects every line that it shows, in any order: HTTP gives none to header fields, and
 * neither does Lua. An id is as good as another. `adapt` changes the commands.
 */
export function runSteps(
  steps: readonly Step[],
  adapt: (command: string) => string,
  environment: Readonly<Record<string, string>> = {},
): void {
  const env = { ...process.env, ...environment }
  let assignments = ''
  for (const { command, expected } of steps) {
    const script = `${assignments}${adapt(command)}`
    const { stdout, status } = spawnSync('bash', ['-c', script], { encoding: 'utf8', env })
    expect(status, command).toBe(0)
    const printed = stdout.split(/\r?\n/)
    for (const line of expected.filter((text) => text !== '…' && text !== '')) {
      const at = printed.findIndex((text) => matches(line, text))
      expect(at, `"${line}" in the output of: ${command}\n${stdout}`).toBeGreaterThanOrEqual(0)
      printed.splice(at, 1)
    }
    if (/^[A-Z]+=/.test(command)) assignments += `${adapt(command)}\n`
  }
}

function matches(shown: string, printed: string): boolean {
  const pattern = shown
    .replace(/[0-9a-f]{24}/, '…')
    .split('…')
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${pattern.join('.*')}$`).test(printed)
}
