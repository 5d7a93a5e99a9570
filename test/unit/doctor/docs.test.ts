/** The page of the doctor says what the doctor does. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { doctorRules } from '../../../src/doctor/index.js'
import { runCommand } from '../../support/command.js'
import { withFiles } from '../../support/config-text.js'

const page = readFileSync('docs/doctor.md', 'utf8')

it('lists every rule with its words, and no others', () => {
  const rows = page.split('\n').filter((line) => line.startsWith('| `'))
  expect(rows).toEqual(
    doctorRules.map(
      ({ id, severity, what, mend }) => `| \`${id}\` | ${severity} | ${what} | ${mend} |`,
    ),
  )
})

it('shows what the doctor really prints', async () => {
  const block = (language: string): string =>
    new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 's').exec(page)?.[1] ?? ''
  await withFiles({ 'nginx.conf': block('nginx') }, async (directory) => {
    const { errors } = await runCommand(['doctor', join(directory, 'nginx.conf')])
    const printed = errors.join('\n').replaceAll(`${directory}/`, '')
    expect(`$ scopegate doctor nginx.conf\n${printed}\n`).toBe(block('console'))
  })
})
