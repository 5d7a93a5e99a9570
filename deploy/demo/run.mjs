/**
 * `make demo`: the whole of it on one machine. A real proxy (Envoy, or the one that `--proxy` names), Scopegate, an
 * authorization server and a toy upstream are started, a session with real answers is shown, and everything goes on
 * until Ctrl-C.
 *
 * With `--once` it ends after the session. Exit code 0 when all went well, 1 when something did not.
 */
import { parseArgs } from 'node:util'
import { Children } from './children.mjs'
import { findProxy, prepareProxy } from './proxies.mjs'
import { fetchToken, runSession, tokenCommand } from './session.mjs'
import {
  areUsual,
  findFiles,
  gateConfiguration,
  readPorts,
  shortPath,
  takenPorts,
} from './settings.mjs'
import { startUpstream } from './upstream.mjs'

const patienceMs = 30_000
const print = (text) => process.stdout.write(`${text}\n`)

/** What ends the demo early: resolves on a signal, rejects when a process is lost. */
let interrupt, lose
const interruption = new Promise((resolve, reject) => {
  interrupt = resolve
  lose = reject
})
interruption.catch(() => undefined)

/** Waits for an address to answer with 2xx, and says so. */
async function waitFor(name, url, shown) {
  const startedAt = performance.now()
  for (;;) {
    const isReady = await fetch(url).then(
      (response) => response.ok,
      () => false,
    )
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
    if (isReady) return print(`  ready  ${name.padEnd(20)}  ${shown.padEnd(24)}  ${seconds} s`)
    if (performance.now() - startedAt > patienceMs) throw new Error(`${name} did not become ready`)
    await new Promise((settle) => setTimeout(settle, 50))
  }
}

async function startAll(children, ports, files, proxy) {
  const gateFile = await gateConfiguration(ports, files.directory)
  const proxyArgs = await prepareProxy(proxy, ports, files.directory, areUsual(ports))
  const local = (port) => `http://127.0.0.1:${port}`
  const gateFlags = ['serve', '--config', gateFile]

  children.start('issuer', process.execPath, [files.main, 'dev', '--port', String(ports.issuer)])
  const metadata = `${local(ports.issuer)}/.well-known/oauth-authorization-server`
  await waitFor('authorization server', metadata, local(ports.issuer))
  children.start('scopegate', process.execPath, [files.main, ...gateFlags])
  const door = proxy.parts.includes('gate')
    ? `127.0.0.1:${ports.gate} (gRPC)`
    : `127.0.0.1:${ports.gateHttp} (HTTP)`
  await waitFor('Scopegate', `${local(ports.gateAdmin)}/readyz`, door)
  children.start(proxy.name, proxy.binary, proxyArgs)
  await waitFor(proxy.title, `${local(ports.proxy)}/health`, local(ports.proxy))
  return { proxy: local(ports.proxy), issuer: local(ports.issuer), admin: local(ports.gateAdmin) }
}

async function demonstrate(children, ports, files, proxy, isOnce) {
  print(`Starting (${proxy.title} asks Scopegate about every request before the upstream gets it)`)
  const urls = await startAll(children, ports, files, proxy)
  const token = await fetchToken(urls.issuer)
  print(
    `\nA token of client "demo" for the scope read:users, good for an hour:\n\nTOKEN=${token}\n`,
  )
  print(`Another one, in a shell:\n\n${tokenCommand(urls.issuer)}\n`)
  await runSession(urls.proxy, token, print)
  print('Every answer was as it should be.')
  if (isOnce) return
  print('Paste the lines into another terminal, TOKEN=... first. Ctrl-C here ends everything.')
  print(`  metrics  ${urls.admin}/metrics`)
  print(`  logs     ${shortPath(files.directory)}/{${proxy.name},scopegate,issuer}.log`)
  await new Promise(() => undefined)
}

async function main(args, environment) {
  const { once: isOnce, proxy: name } = readArguments(args)
  const files = findFiles(environment)
  const proxy = findProxy(name)
  const ports = readPorts(environment)
  const taken = await takenPorts(ports, proxy.parts)
  if (taken.length > 0) throw new Error(taken.join('\n'))

  const upstream = await startUpstream(ports.upstream)
  const children = new Children(files.directory, lose)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.once(signal, () => {
      interrupt()
      process.once(signal, () => process.exit(1)) // Asked twice: at once, and without waiting for anybody.
    })
  }
  try {
    await Promise.race([demonstrate(children, ports, files, proxy, isOnce), interruption])
  } finally {
    print('\nStopping')
    await children.stop()
    upstream.stop()
  }
}

function readArguments(args) {
  const options = {
    once: { type: 'boolean', default: false },
    proxy: { type: 'string', default: 'envoy' },
  }
  try {
    return parseArgs({ args, options }).values
  } catch {
    throw new Error('usage: node deploy/demo/run.mjs [--once] [--proxy NAME]')
  }
}

try {
  await main(process.argv.slice(2), process.env)
  process.exit(0)
} catch (fault) {
  process.stderr.write(`demo: ${fault.message}\n`)
  process.exit(1)
}
