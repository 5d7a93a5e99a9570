/** A real Caddy that runs deploy/caddy/Caddyfile. */
import { resolve } from 'node:path'
import { freePorts } from '../free-ports.js'
import { shippedFile } from '../shipped-file.js'
import { startProxyProcess, type ProxyKind } from './proxy.js'

export const caddy: ProxyKind = {
  name: 'Caddy',
  door: 'caddy',
  async start({ gatePort, upstreamPort, replace = [] }) {
    const [port = 0] = await freePorts(1)
    const configuration = await shippedFile('deploy/caddy/Caddyfile', [
      ['http://:8000 {', `http://:${String(port)} {`],
      ['forward_auth 127.0.0.1:8080 {', `forward_auth 127.0.0.1:${String(gatePort)} {`],
      ['@allowed 127.0.0.1:8002 {', `@allowed 127.0.0.1:${String(upstreamPort)} {`],
      ...replace,
    ])
    return await startProxyProcess({
      command: caddyCommand(),
      args: () => ['run', '--config', 'Caddyfile'],
      files: { Caddyfile: configuration },
      port,
      environment: caddyEnvironment,
    })
  },
}

/** Caddy keeps what it writes below these, or below HOME where they are empty. */
export const caddyEnvironment = { XDG_CONFIG_HOME: '', XDG_DATA_HOME: '', GOMAXPROCS: '1' }

export function caddyCommand(): string {
  return resolve('.venv/bin/caddy')
}
