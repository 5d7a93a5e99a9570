/**
 * Where the demo's parts listen, and with which files they run.
 *
 * The rules are:
 *   - with the usual ports Scopegate runs deploy/demo/scopegate.yaml itself, with others (DEMO_*_PORT) a copy that
 *     differs in nothing but the ports;
 *   - everything that is written goes to build/demo, or to DEMO_DIRECTORY.
 */
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join, relative, resolve } from 'node:path'

/** The top of the project. */
export const root = resolve(import.meta.dirname, '../..')

const places = {
  proxy: { variable: 'DEMO_PROXY_PORT', usual: 8000, name: 'the proxy' },
  proxyAdmin: { variable: 'DEMO_PROXY_ADMIN_PORT', usual: 9901, name: 'the proxy, for operators' },
  proxyQuestions: {
    variable: 'DEMO_PROXY_QUESTIONS_PORT',
    usual: 8010,
    name: 'Traefik, for itself',
  },
  gate: { variable: 'DEMO_GATE_PORT', usual: 50051, name: 'Scopegate' },
  gateHttp: { variable: 'DEMO_GATE_HTTP_PORT', usual: 8080, name: 'Scopegate, for HTTP' },
  gateAdmin: { variable: 'DEMO_GATE_ADMIN_PORT', usual: 8081, name: 'Scopegate, for operators' },
  issuer: { variable: 'DEMO_ISSUER_PORT', usual: 9400, name: 'the authorization server' },
  upstream: { variable: 'DEMO_UPSTREAM_PORT', usual: 8002, name: 'the upstream' },
}
/** Those that only some proxies need. */
const ofProxies = ['proxyAdmin', 'proxyQuestions']

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

/** Whether all of them are the usual ones. */
export function areUsual(ports) {
  return Object.entries(places).every(([part, { usual }]) => ports[part] === usual)
}

/** A sentence for every port that somebody else listens on, of those that everybody needs and `parts`. */
export async function takenPorts(ports, parts) {
  const problems = []
  for (const [part, { variable, name }] of Object.entries(places)) {
    if (ofProxies.includes(part) && !parts.includes(part)) continue
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
  return { main, directory: resolve(root, environment.DEMO_DIRECTORY ?? 'build/demo') }
}

/** The configuration of the gate: as shipped, or a copy with other ports. */
export async function gateConfiguration(ports, directory) {
  await mkdir(directory, { recursive: true })
  const file = 'deploy/demo/scopegate.yaml'
  if (areUsual(ports)) return file
  const chosen = new Map(
    Object.entries(places).map(([part, { usual }]) => [String(usual), String(ports[part])]),
  )
  const shipped = await readFile(join(root, file), 'utf8')
  const text = shipped.replace(/(?<=127\.0\.0\.1:)\d+\b/g, (port) => {
    const other = chosen.get(port)
    if (other === undefined)
      throw new Error(`${file} has a port that the demo does not know: ${port}`)
    return other
  })
  const copy = join(directory, 'scopegate.yaml')
  await writeFile(copy, text)
  return copy
}

/** A path as a user at the top of the project would write it. */
export function shortPath(path) {
  const short = relative(root, path)
  return short.startsWith('..') ? path : short
}
