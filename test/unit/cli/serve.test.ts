/** `scopegate serve`, in the process of the test where it does not start, and as it is built where it does. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { logVerbosity, setLogVerbosity } from '@grpc/grpc-js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestAuthorizationServer } from '../../support/authorization-server.js'
import { runCommand } from '../../support/command.js'
import { createCheckClient } from '../../support/check-client.js'
import { smallConfig, withFiles } from '../../support/config-text.js'
import { startServeProcess } from '../../support/serve-process.js'
import { testConfig } from '../../support/test-gate.js'

const main = fileURLToPath(new URL('../../../dist/main.js', import.meta.url))
const broken = `${smallConfig}log: { level: loud }\nfrobnicate: true\n`

beforeAll(() => {
  setLogVerbosity(logVerbosity.NONE) // grpc-js prints every address that it cannot bind, besides reporting it.
  if (!existsSync(main)) throw new Error('no dist/main.js: npm run build')
})

afterAll(() => {
  setLogVerbosity(logVerbosity.ERROR)
})

describe('serve with a configuration that cannot be used', () => {
  it.each(['its flag', 'the environment'])(
    'ends with 78 and every problem, given by %s',
    async (by) => {
      await withFiles({ 'a.yaml': broken }, async (directory) => {
        const file = join(directory, 'a.yaml')
        const { code, out, errors } =
          by === 'its flag'
            ? await runCommand(['serve', '--config', file])
            : await runCommand(['serve'], { SCOPEGATE_CONFIG: file })
        expect(code).toBe(78)
        expect(out).toEqual([])
        expect(errors.map((line) => line.split('\n', 1)[0])).toEqual([
          `${file}:9:15: "loud" is not one of debug, info, warn, error, silent`,
          `${file}:10:1: unknown key "frobnicate"`,
          '2 problems',
        ])
      })
    },
  )

  it('ends with 78 and every problem before any worker is started', async () => {
    await withFiles({ 'a.yaml': broken }, async (directory) => {
      const argv = ['serve', '--config', join(directory, 'a.yaml'), '--workers', '2']
      const { code, errors } = await runCommand(argv)
      expect(code).toBe(78)
      expect(errors.at(-1)).toBe('2 problems')
    })
  })

  it.each(['0', '-1', '1.5', '257', 'many', ''])('ends with 2 for %j workers', async (workers) => {
    const { code, errors } = await runCommand(['serve', '--config', 'a.yaml', '--workers', workers])
    expect(code).toBe(2)
    expect(errors).toEqual([
      `scopegate: "${workers}" is not a number of workers: 1 to 256, or auto`,
    ])
  })

  it('ends with 78 without a file', async () => {
    expect((await runCommand(['serve', '--config', '/nonexistent'])).code).toBe(78)
  })
})

describe('serve with an address that is taken', () => {
  it.each(['grpc', 'admin'])('ends with 1 and says so, for %s', async (door) => {
    const taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
    const { port } = taken.address() as AddressInfo
    const address = {
      grpc: '127.0.0.1:0',
      admin: '127.0.0.1:0',
      [door]: `127.0.0.1:${String(port)}`,
    }
    const listen = `listen: { grpc: { address: '${address.grpc}' }, admin: { address: '${address.admin}' } }\n`
    const text = `${listen}log: { level: silent }\n${smallConfig}`
    await withFiles({ 'a.yaml': text }, async (directory) => {
      const { code, errors } = await runCommand(['serve', '--config', join(directory, 'a.yaml')])
      expect(code).toBe(1)
      expect(errors.join()).toMatch(/^scopegate: .*EADDRINUSE/)
    })
    await new Promise((resolve) => taken.close(resolve))
  })
})

/** Runs the built command to its end. */
function runBuilt(
  argv: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  return spawnSync(process.execPath, [main, ...argv], {
    encoding: 'utf8',
    env: { ...process.env, ...environment },
    timeout: 60_000,
  })
}

describe('the built command', () => {
  it('checks, refuses to serve and tells its version with the same exit codes', async () => {
    await withFiles({ 'bad.yaml': broken }, async (directory) => {
      const bad = join(directory, 'bad.yaml')
      const checked = runBuilt(['check-config', bad])
      expect(checked).toMatchObject({ status: 1, stdout: '' })
      expect(checked.stderr).toContain(`${bad}:10:1: unknown key "frobnicate"`)
      const served = runBuilt(['serve'], { SCOPEGATE_CONFIG: bad })
      expect(served).toMatchObject({ status: 78, stdout: '', stderr: checked.stderr })
    })
    expect(runBuilt(['version']).stdout).toMatch(/^\d+\.\d+\.\d+\S*\n$/)
  })

  it.each(['SIGTERM', 'SIGINT'] as const)('serves until %s, and ends with 0', async (signal) => {
    const issuer = await startTestAuthorizationServer()
    const shutdown = { drainSeconds: 0, graceSeconds: 5 }
    const gate = await startServeProcess(testConfig(issuer, { shutdown }))
    try {
      const client = createCheckClient(gate.addresses.grpc)
      const headers = { authorization: `Bearer ${await issuer.token()}` }
      expect((await client.check({ path: '/read', headers })).kind).toBe('ok')
      client.close()
      expect(await gate.end(signal)).toBe(0)
    } finally {
      await gate.close()
      await issuer.close()
    }
  })
})
