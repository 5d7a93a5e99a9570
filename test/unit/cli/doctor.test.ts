/** `scopegate doctor`: what people and scripts get from it. */
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { runCommand } from '../../support/command.js'
import { withFiles } from '../../support/config-text.js'

const good = 'test/vectors/doctor/nginx.conf'
const open = 'location / { proxy_pass http://api; }\n'

describe('doctor', () => {
  it('says that a file is good', async () => {
    expect(await runCommand(['doctor', good, 'deploy/envoy/envoy.yaml'])).toEqual({
      code: 0,
      out: [`${good}: good (NGINX)`, 'deploy/envoy/envoy.yaml: good (Envoy)'],
      errors: [],
    })
  })

  it('prints every finding with its place, rule and hint, and how many there are', async () => {
    await withFiles({ 'a.conf': open }, async (directory) => {
      const file = join(directory, 'a.conf')
      const { code, out, errors } = await runCommand(['doctor', file, good])
      expect([code, out]).toEqual([1, [`${good}: good (NGINX)`]])
      expect(errors).toEqual([
        `${file}:1:1: error: location /: no auth_request is in force here, so everybody gets in [nginx/open-location]\n  hint: set auth_request /_scopegate; here or in a scope around it; a route of Scopegate with \`access: public\` says what is open`,
        '1 error, 0 warnings',
      ])
    })
  })

  it('fails for warnings too', async () => {
    const text = 'static_resources: {}'
    await withFiles({ 'a.yaml': text }, async (directory) => {
      const { code, errors } = await runCommand(['doctor', join(directory, 'a.yaml')])
      expect([code, errors.at(-1)]).toEqual([1, '0 errors, 1 warning'])
    })
  })

  it.each([
    ['is not there', {}, 'there is no such file'],
    [
      'is of neither',
      { 'a.conf': 'hello' },
      'this is neither a configuration of Envoy nor one of NGINX',
    ],
    ['is broken', { 'a.conf': 'http {' }, 'this block is never closed'],
  ])('ends with 2 for a file that %s, and looks at the others', async (_name, files, message) => {
    await withFiles({ ...files, 'b.conf': open }, async (directory) => {
      const paths = ['a.conf', 'b.conf'].map((name) => join(directory, name))
      const { code, errors } = await runCommand(['doctor', ...paths])
      expect(code).toBe(2)
      expect(errors[0]).toMatch(new RegExp(`a\\.conf:1:\\d: ${message}$`))
      expect(errors.at(-1)).toBe('1 error, 0 warnings')
    })
  })

  it.each([
    ['its flag', ['--kind', 'nginx'], {}],
    ['the environment', [], { SCOPEGATE_DOCTOR_KIND: 'nginx' }],
  ])('takes a file for what %s says', async (_name, flags, environment) => {
    await withFiles({ 'a.conf': '# static_resources:\nserver {}' }, async (directory) => {
      const argv = ['doctor', ...flags, join(directory, 'a.conf')]
      expect((await runCommand(argv, environment)).code).toBe(0)
    })
  })

  it.each([[['doctor']], [['doctor', '--kind', 'apache', good]]])('refuses %j', async (argv) => {
    expect((await runCommand(argv)).code).toBe(2)
  })
})
