/** The page of each proxy is true: its commands print what it says, beside a demo with this proxy and its shipped file. */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/config/index.js'
import { withFiles } from '../support/config-text.js'
import { blocksOf, runSteps, stepsOf } from '../support/document-blocks.js'
import { startRunningDemo, type RunningDemo } from '../support/running-demo.js'
import { join } from 'node:path'

describe.each(['envoy', 'envoy-http', 'nginx', 'traefik', 'caddy', 'haproxy'])(
  'docs/%s.md',
  (proxy) => {
    const page = readFileSync(`docs/${proxy}.md`, 'utf8')
    const blocks = blocksOf(page, 'console').map(stepsOf)
    let demo: RunningDemo
    beforeAll(async () => {
      demo = await startRunningDemo(proxy)
    })
    afterAll(async () => {
      expect(await demo.stop()).toBe(0)
    })

    it('shows commands that do what it says', () => {
      const commands = blocks.flat()
      expect(commands.length).toBeGreaterThanOrEqual(2)
      for (const block of blocks) runSteps(block, demo.withPorts, { TOKEN: demo.token })
      const shown = commands.flatMap(({ expected }) => expected).join('\n')
      expect(shown).toMatch(/401/)
      expect(shown).toMatch(/200/)
    })

    it('shows a configuration that can be used', async () => {
      const whole = blocksOf(page, 'yaml').filter((text) => text.includes('resources:'))
      expect(whole).toHaveLength(1)
      await withFiles({ 'scopegate.yaml': whole[0] ?? '' }, async (directory) => {
        const { listen } = await loadConfig(join(directory, 'scopegate.yaml'))
        if (proxy === 'envoy') expect(listen.grpc?.address).toMatch(/^127\.0\.0\.1:/)
        else expect(listen.http?.trustedProxies).toBeDefined()
      })
    })
  },
)
