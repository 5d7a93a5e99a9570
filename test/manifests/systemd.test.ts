/** The unit of systemd starts the gate as the documents say, gives it time to leave, and is one that systemd takes. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { loadConfigText, smallConfig } from '../support/config-text.js'

const unit = readFileSync('deploy/systemd/scopegate.service', 'utf8')
const settings = new Map(
  [...unit.matchAll(/^(\w+)=(.*)$/gm)].map(([, key = '', value = '']) => [key, value]),
)

it('starts the gate with the configuration of the machine, and never again with one that is bad', () => {
  expect(settings.get('ExecStart')).toBe(
    '/usr/bin/node /opt/scopegate/dist/main.js serve --config /etc/scopegate',
  )
  expect(settings.get('RestartPreventExitStatus')).toBe('78')
})

it('waits for the drain of a configuration that says nothing of it', async () => {
  const { shutdown } = await loadConfigText(smallConfig)
  const needs = (shutdown.drainMs + shutdown.graceMs) / 1_000
  expect(Number(settings.get('TimeoutStopSec'))).toBeGreaterThan(needs + 5)
})

it('has a user of its own, and nothing to write to but its directories', () => {
  expect(Object.fromEntries(settings)).toMatchObject({
    DynamicUser: 'yes',
    NoNewPrivileges: 'yes',
    CapabilityBoundingSet: '',
    ProtectSystem: 'strict',
    ProtectHome: 'yes',
  })
  expect(settings.has('ReadWritePaths')).toBe(false)
})

it('is taken by systemd where there is one', () => {
  const directory = mkdtempSync(join(tmpdir(), 'scopegate-unit-'))
  const file = join(directory, 'scopegate.service')
  // A machine of ours may have its Node elsewhere.
  writeFileSync(file, unit.replace('/usr/bin/node', process.execPath))
  const verified = spawnSync('systemd-analyze', ['verify', '--man=no', file], { encoding: 'utf8' })
  rmSync(directory, { recursive: true })
  const isMissing = (verified.error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT'
  expect(isMissing ? '' : verified.stderr).toBe('')
  expect(isMissing ? 0 : verified.status).toBe(0)
})
