/** A real HAProxy that runs deploy/haproxy/haproxy.cfg and scopegate.lua. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { freePorts } from '../free-ports.js'
import { shippedFile, type Replacement } from '../shipped-file.js'
import {
  startProxyProcess,
  type ProxyKind,
  type ProxySurroundings,
  type RunningProxy,
} from './proxy.js'

export const haproxy: ProxyKind = {
  name: 'HAProxy',
  door: 'haproxy',
  start: async (surroundings) => await startHaproxy(surroundings),
}

/** Starts it; `inScript` are changes to the script, `surroundings.replace` those to haproxy.cfg. */
export async function startHaproxy(
  surroundings: ProxySurroundings,
  inScript: readonly Replacement[] = [],
): Promise<RunningProxy> {
  const [port = 0] = await freePorts(1)
  return await startProxyProcess({
    command: haproxyCommand(),
    args: () => ['-db', '-f', 'haproxy.cfg'],
    files: await haproxyFiles(port, surroundings, inScript),
    port,
  })
}

/** Debian puts it where only root looks. */
export function haproxyCommand(): string {
  const directories = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin']
  const found = directories.map((path) => join(path, 'haproxy')).find((path) => existsSync(path))
  if (found === undefined) throw new Error('no haproxy: apt-get install haproxy')
  return found
}

/** The shipped files with the ports of a test, one thread, and a socket that no other test has. */
export async function haproxyFiles(
  port: number,
  { gatePort, upstreamPort, replace = [] }: ProxySurroundings,
  inScript: readonly Replacement[] = [],
): Promise<Record<string, string>> {
  const socket = `abns@scopegate-${String(port)}`
  const configuration = await shippedFile('deploy/haproxy/haproxy.cfg', [
    ['/etc/haproxy/scopegate.lua', 'scopegate.lua'],
    ['maxconn 8000', 'nbthread 1\n    maxconn 800'],
    ['maxconn 3500', 'maxconn 350'],
    ['bind 127.0.0.1:8000', `bind 127.0.0.1:${String(port)}`],
    ['lua.scopegate abns@scopegate', `lua.scopegate ${socket}`],
    ['bind abns@scopegate', `bind ${socket}`],
    ['gate1 127.0.0.1:8080', `gate1 127.0.0.1:${String(gatePort)}`],
    ['api1 127.0.0.1:8002', `api1 127.0.0.1:${String(upstreamPort)}`],
    ...replace,
  ])
  const script = await shippedFile('deploy/haproxy/scopegate.lua', inScript)
  return { 'haproxy.cfg': configuration, 'scopegate.lua': script }
}
