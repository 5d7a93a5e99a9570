/** `scopegate check-config`: what people and scripts get from it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { configJsonSchema } from '../../../src/config/index.js'
import { runCommand, type CommandResult } from '../../support/command.js'
import { smallConfig, withFiles } from '../../support/config-text.js'
import { blocksOf } from '../../support/document-blocks.js'

const broken = smallConfig
  .replace('/read,', 'read,')
  .replace('audiences: [https://api.example.com]', 'audience: [https://api.example.com]')
  .concat('frobnicate: true\n')

async function check(text: string): Promise<CommandResult & { readonly file: string }> {
  return await withFiles({ 'scopegate.yaml': text }, async (directory) => {
    const file = join(directory, 'scopegate.yaml')
    return { ...(await runCommand(['check-config', file])), file }
  })
}

describe('check-config', () => {
  it('says that a configuration is good, and what is in it', async () => {
    const { code, out, errors, file } = await check(smallConfig)
    expect({ code, out, errors }).toEqual({
      code: 0,
      out: [`${file}: good (1 route, 1 issuer)`],
      errors: [],
    })
  })

  it('counts what there is more of', async () => {
    const more = smallConfig.concat('      - { id: open, path: /open, access: public }\n')
    expect((await check(more)).out.join()).toContain('good (2 routes, 1 issuer)')
  })

  it('prints every problem with its place and its hint, and how many there are', async () => {
    const { code, out, errors, file } = await check(broken)
    expect(code).toBe(1)
    expect(out).toEqual([])
    expect(errors).toEqual([
      `${file}:5:5: "audiences" is missing`,
      `${file}:6:5: unknown key "audience"\n  hint: did you mean "audiences"?`,
      `${file}:9:1: unknown key "frobnicate"\n  hint: known here: listen, keysSnapshotDir, issuers, resources, limits, log, shutdown, revocation, scopeHierarchy, scopeWildcards`,
      '3 problems',
    ])
  })

  it('warns of files that it names and that cannot be read here, and is good', async () => {
    const tls = 'tls: { certFile: here.pem, keyFile: secret/tls.key }'
    const text = `listen: { grpc: { address: 127.0.0.1:0, ${tls} } }\n${smallConfig}`
    await withFiles({ 'scopegate.yaml': text, 'here.pem': '' }, async (directory) => {
      const file = join(directory, 'scopegate.yaml')
      const { code, out, errors } = await runCommand(['check-config', file])
      expect({ code, errors }).toEqual({
        code: 0,
        errors: [
          expect.stringMatching(
            `^warning: ${file}:\\d+:\\d+: the file "${directory}/secret/tls.key" cannot be read here \\(ENOENT\\)$`,
          ),
        ],
      })
      expect(out).toHaveLength(1)
    })
  })

  it('counts a single problem as one', async () => {
    const { errors } = await check(smallConfig.replace('/read,', 'read,'))
    expect(errors).toHaveLength(2)
    expect(errors.at(-1)).toBe('1 problem')
  })

  it('finds a file that is not there', async () => {
    const { code, errors } = await runCommand(['check-config', '/nonexistent.yaml'])
    expect(code).toBe(1)
    expect(errors[0]).toBe('/nonexistent.yaml:1:1: there is no such file or directory')
  })

  it('checks a directory', async () => {
    await withFiles({ 'a.yaml': smallConfig, 'b.yaml': 'log: { level: loud }' }, async (path) => {
      const { code, errors } = await runCommand(['check-config', path])
      expect(code).toBe(1)
      expect(errors[0]).toContain(`${join(path, 'b.yaml')}:1:15: "loud" is not one of`)
    })
  })

  it('takes the file from the environment', async () => {
    await withFiles({ 'a.yaml': smallConfig }, async (directory) => {
      const file = join(directory, 'a.yaml')
      const { code, out } = await runCommand(['check-config'], { SCOPEGATE_CONFIG: file })
      expect([code, out.join()]).toEqual([0, `${file}: good (1 route, 1 issuer)`])
    })
  })

  it('prefers the argument to the environment', async () => {
    await withFiles({ 'a.yaml': smallConfig }, async (directory) => {
      const file = join(directory, 'a.yaml')
      const environment = { SCOPEGATE_CONFIG: '/nonexistent.yaml' }
      expect((await runCommand(['check-config', file], environment)).code).toBe(0)
    })
  })

  it('explains what is in force and where it came from, as the documentation shows it', async () => {
    const page = readFileSync('docs/identity-providers.md', 'utf8')
    const [, shown = ''] = /```\n(issuer okta\n.*?)```/s.exec(page) ?? []
    const [config = ''] = blocksOf(page.slice(page.indexOf('## okta')), 'yaml')
    await withFiles({ 'scopegate.yaml': config }, async (directory) => {
      const argv = ['check-config', '--explain', join(directory, 'scopegate.yaml')]
      const { code, out } = await runCommand(argv)
      const text = out.join('\n').replaceAll(`${directory}/`, '')
      expect([code, text]).toEqual([0, shown.trimEnd()])
    })
  })

  it('explains every issuer of every file, long values too, and no key', async () => {
    const jwks = { keys: [{ kty: 'RSA', n: 'MODULUS', e: 'AQAB' }] }
    const long = `https://${'x'.repeat(60)}.example/`
    const one = `issuers: [{ id: one, issuer: "${long}", keys: { jwks: ${JSON.stringify(jwks)} } }]`
    const two =
      'issuers:\n  - id: two\n    issuer: urn:two\n    keys: { pem: { inline: SECRET } }\n    require: { /a: [1, x] }'
    const files = { 'a.yaml': one, 'b.yaml': two, 'c.yaml': smallConfig }
    await withFiles(files, async (directory) => {
      const { code, out } = await runCommand(['check-config', directory], {
        SCOPEGATE_EXPLAIN: 'true',
      })
      const text = out.join('\n').replaceAll(`${directory}/`, '')
      expect(code).toBe(0)
      expect(text.match(/^issuer .*/gm)).toEqual(['issuer one', 'issuer two', 'issuer main'])
      expect(text).toMatch(/ {2}keys\.jwks {2,}1 written here +a\.yaml:1$/m)
      expect(text).toMatch(/ {2}keys\.pem\.inline {2,}written here +b\.yaml:4$/m)
      expect(text).toMatch(/ {2}require\.\/a {2,}1, x +b\.yaml:5$/m)
      expect(text).toContain(`  ${long}  a.yaml:1`)
      expect(text).not.toMatch(/MODULUS|SECRET/)
    })
  })

  it('explains nothing of a configuration with problems', async () => {
    await withFiles({ 'a.yaml': broken }, async (directory) => {
      const { code, out } = await runCommand(['check-config', '--explain', directory])
      expect([code, out]).toEqual([1, []])
    })
  })

  it.each([
    ['its flag', ['check-config', '--schema'], {}],
    ['the environment', ['check-config'], { SCOPEGATE_SCHEMA: 'true' }],
  ])('prints the JSON Schema when %s asks for it', async (_name, argv, environment) => {
    const { code, out, errors } = await runCommand(argv, environment)
    expect([code, errors]).toEqual([0, []])
    expect(JSON.parse(out.join('\n'))).toEqual(configJsonSchema())
  })
})
