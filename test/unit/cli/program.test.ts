/** The command line: commands, flags, their environment twins, exit codes. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { exitCode } from '../../../src/cli/exit-code.js'
import { runCommand } from '../../support/command.js'

const { version } = JSON.parse(
  readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
) as { version: string }

describe('scopegate', () => {
  it('keeps its exit codes, which scripts rely on', () => {
    expect(exitCode).toEqual({ good: 0, problems: 1, usage: 2, config: 78 })
  })

  it('prints the version of the package', async () => {
    expect(await runCommand(['version'])).toEqual({ code: 0, out: [version], errors: [] })
  })

  it('lists every command in its help', async () => {
    const { code, out } = await runCommand(['--help'])
    expect(code).toBe(0)
    for (const command of ['serve', 'check-config', 'dev', 'version']) {
      expect(out.join('\n')).toMatch(new RegExp(`^  ${command}\\b`, 'm'))
    }
  })

  it.each([
    ['no command', []],
    ['an unknown command', ['frobnicate']],
    ['an unknown flag', ['version', '--frobnicate']],
    ['a flag without its value', ['serve', '--config']],
    ['serve without a configuration', ['serve']],
    ['an argument too many', ['check-config', 'a.yaml', 'b.yaml']],
    ['check-config without a file', ['check-config']],
    ['a port that is none', ['dev', '--port', 'x']],
    ['a port beyond the last', ['dev', '--port', '65536']],
  ])('takes %s for wrong usage', async (_name, argv) => {
    const { code, errors } = await runCommand(argv)
    expect(code).toBe(2)
    expect(errors.join('\n')).not.toBe('')
  })

  it('names every environment twin in the help of the command', async () => {
    const help = async (command: string): Promise<string> =>
      (await runCommand([command, '--help'])).out.join('\n')
    expect(await help('serve')).toContain('SCOPEGATE_CONFIG')
    expect(await help('check-config')).toContain('SCOPEGATE_SCHEMA')
    const dev = await help('dev')
    for (const flag of ['HOST', 'PORT', 'AUDIENCE']) expect(dev).toContain(`SCOPEGATE_DEV_${flag}`)
  })
})
