/** A log that cannot be written costs lines, and nothing else: the gate answers, and ends when it is told to. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync, closeSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { createCheckClient } from '../../support/check-client.js'
import { withFiles } from '../../support/config-text.js'
import { until } from '../../support/until.js'

const config = `
listen:
  grpc: { address: 'unix:grpc.sock' }
  admin: { address: 'unix:admin.sock' }
resources:
  - id: open
    audiences: [https://api.example.com]
    routes: [{ id: health, path: /health, access: public }]
shutdown: { drainSeconds: 0, graceSeconds: 1 }
`

async function statusOf(socketPath: string, path: string): Promise<number | undefined> {
  return await new Promise((resolve) => {
    request({ socketPath, path }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
      .on('error', () => {
        resolve(undefined)
      })
      .end()
  })
}

it('goes on with standard output on a full disk, and ends with exit code 0', async () => {
  await withFiles({ 'scopegate.yaml': config }, async (directory) => {
    const full = openSync('/dev/full', 'w')
    const gate = spawn(
      process.execPath,
      [join(process.cwd(), 'dist/main.js'), 'serve', '--config', 'scopegate.yaml'],
      {
        cwd: directory,
        stdio: ['ignore', full, 'inherit'],
      },
    )
    closeSync(full)
    const ended = once(gate, 'exit')
    const admin = join(directory, 'admin.sock')
    await until(async () => (await statusOf(admin, '/readyz')) === 200, 'readiness')

    const client = createCheckClient(`unix:${join(directory, 'grpc.sock')}`)
    for (let i = 0; i < 100; i++) {
      expect((await client.check({ path: '/nowhere' })).metadata['reason']).toBe('no_route')
    }
    client.close()
    expect(await statusOf(admin, '/livez')).toBe(200)
    gate.kill('SIGTERM')
    expect(await ended).toEqual([0, null])
  })
})
