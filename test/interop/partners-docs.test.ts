/** docs/partners.md is true: its configuration is started beside its partner, and its commands print what it says. */
import { spawn, type ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { loadConfigText } from '../support/config-text.js'
import { blocksOf, runSteps, stepsOf } from '../support/document-blocks.js'
import { endProcess } from '../support/end-process.js'
import { freePorts } from '../support/free-ports.js'
import { startServeProcess, type ServeProcess } from '../support/serve-process.js'
import { until } from '../support/until.js'

const page = readFileSync('docs/partners.md', 'utf8')
const [config = ''] = blocksOf(page, 'yaml')

describe('docs/partners.md', () => {
  let partner: ChildProcess
  let gate: ServeProcess
  let withPorts: (text: string) => string
  beforeAll(async () => {
    const [partnerPort, httpPort] = await freePorts(2)
    withPorts = (text) =>
      text
        .replaceAll('127.0.0.1:9000', `127.0.0.1:${String(partnerPort)}`)
        .replaceAll('127.0.0.1:8080', `127.0.0.1:${String(httpPort)}`)
    const [, audience = ''] = /--audience (\S+)/.exec(page) ?? []
    const args = ['dist/main.js', 'dev', '--port', String(partnerPort), '--audience', audience]
    partner = spawn(process.execPath, args, { stdio: 'ignore' })
    const jwks = `http://127.0.0.1:${String(partnerPort)}/jwks`
    await until(
      async () =>
        await fetch(jwks).then(
          ({ ok }) => ok,
          () => false,
        ),
    )
    gate = await startServeProcess(parse(withPorts(config)) as Record<string, unknown>)
  })
  afterAll(async () => {
    await gate.close()
    await endProcess(partner, 'SIGTERM')
  })

  it('shows a configuration that can be used as it is', async () => {
    const { policy } = await loadConfigText(config)
    expect(policy.routes.map(({ qualifiedId }) => qualifiedId)).toContain('orders-api/read')
  })

  it('shows commands that do what it says', () => {
    const steps = blocksOf(page, 'console').flatMap(stepsOf)
    expect(steps).toHaveLength(4)
    const shown = steps.map(({ command, expected }) => ({
      command,
      expected: expected.map(withPorts),
    }))
    runSteps(shown, withPorts)
  })
})
