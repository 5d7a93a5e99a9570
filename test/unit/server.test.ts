/** The gate as a whole: what it opens, what it leaves behind, and in which order it ends. */
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { logVerbosity, setLogVerbosity } from '@grpc/grpc-js'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startGate, type Gate } from '../../src/server.js'
import { createCheckClient } from '../support/check-client.js'
import { loadConfigText, smallConfig } from '../support/config-text.js'
import { collectLogLine } from '../support/log-collector.js'

// grpc-js prints every address that it cannot bind, besides reporting it.
setLogVerbosity(logVerbosity.NONE)

let directory: string
let lines: Record<string, unknown>[]

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'scopegate-server-'))
  lines = []
})

afterEach(async () => {
  await rm(directory, { recursive: true })
})

/** A gate whose only issuer is a file that does not exist, so that nothing leaves the machine. */
async function start(grpc = '127.0.0.1:0', admin = '127.0.0.1:0', drainSeconds = 0): Promise<Gate> {
  const text = `listen: { grpc: { address: '${grpc}' }, admin: { address: '${admin}' } }
shutdown: { drainSeconds: ${String(drainSeconds)}, graceSeconds: 1 }
${smallConfig.replace('resources:', `    keys: { jwksFile: ${join(directory, 'keys.json')} }\nresources:`)}
      - { id: health, path: /health, access: public }
`
  return await startGate(await loadConfigText(text), {
    version: '1.2.3',
    cores: 4,
    logDestination: {
      write(line: string) {
        collectLogLine(line)
        lines.push(JSON.parse(line) as Record<string, unknown>)
      },
    },
  })
}

async function kindOf(address: string): Promise<string> {
  const client = createCheckClient(address)
  try {
    return (await client.check({ path: '/health' })).kind
  } finally {
    client.close()
  }
}

async function listen(where: number | string): Promise<Server> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    const options = typeof where === 'string' ? { path: where } : { port: where, host: '127.0.0.1' }
    server.listen(options, resolve)
  })
  return server
}

async function close(server: Server): Promise<void> {
  await new Promise((resolve) => server.close(resolve))
}

function addressOf(server: Server): string {
  return `127.0.0.1:${String((server.address() as AddressInfo).port)}`
}

/** A socket file of a process that was killed. */
async function leaveSocketBehind(path: string): Promise<void> {
  const server = await listen(`${path}.new`)
  await rename(`${path}.new`, path) // Out of reach of the clean-up of its server.
  await close(server)
}

async function livez(socketPath: string): Promise<number | undefined> {
  return await new Promise((resolve, reject) => {
    request({ socketPath, path: '/livez' }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
      .once('error', reject)
      .end()
  })
}

describe('startGate', () => {
  it('says where it listens, also in the log', async () => {
    const gate = await start()
    expect(await kindOf(gate.addresses.grpc!)).toBe('ok')
    expect(lines).toContainEqual(expect.objectContaining({ msg: 'listening', ...gate.addresses }))
    await gate.shutdown()
  })

  it('opens no gRPC door that nobody asked for, and the usual one when nothing is said', async () => {
    const http = 'http: { address: 127.0.0.1:0, trustedProxies: [127.0.0.1] }'
    const doors = async (listen: string): Promise<string[]> =>
      Object.keys((await loadConfigText(`${listen}\n${smallConfig}`)).listen).sort()
    expect(await doors('')).toEqual(['admin', 'grpc'])
    expect(await doors(`listen: { ${http} }`)).toEqual(['admin', 'http'])
    expect(await doors(`listen: { ${http}, grpc: {} }`)).toEqual(['admin', 'grpc', 'http'])
  })

  it('serves before its issuers are there', async () => {
    const gate = await start()
    const client = createCheckClient(gate.addresses.grpc!)
    const headers = { authorization: 'Bearer a.b.c' }
    expect((await client.check({ path: '/read', headers })).kind).toBe('denied')
    client.close()
    const { status } = await fetch(`http://${gate.addresses.admin}/readyz`)
    expect(status).toBe(503)
    await gate.shutdown()
  })

  it('replaces sockets that were left behind', async () => {
    const [grpc, admin] = [join(directory, 'grpc.sock'), join(directory, 'admin.sock')]
    await leaveSocketBehind(grpc)
    await leaveSocketBehind(admin)
    const gate = await start(`unix:${grpc}`, `unix:${admin}`)
    expect(await kindOf(`unix:${grpc}`)).toBe('ok')
    expect(await livez(admin)).toBe(200)
    await gate.shutdown()
  })

  it.each(['grpc', 'admin'])('leaves a %s socket that is in use to its owner', async (door) => {
    const path = join(directory, 'used.sock')
    const owner = await listen(path)
    const address = `unix:${path}`
    await expect(door === 'grpc' ? start(address) : start(undefined, address)).rejects.toThrow(
      /EADDRINUSE/,
    )
    const client = await new Promise((resolve) => {
      owner.once('connection', resolve)
      void livez(path).catch(() => undefined)
    })
    expect(client).toBeDefined()
    ;(client as { destroy(): void }).destroy()
    await close(owner)
  })

  it('leaves a file that is no socket alone', async () => {
    const path = join(directory, 'file')
    await writeFile(path, 'precious')
    await expect(start(undefined, `unix:${path}`)).rejects.toThrow(/EADDRINUSE/)
  })

  it('lets go of the first address when it cannot have the second', async () => {
    const [taken, free] = [await listen(0), await listen(0)]
    const [admin, grpc] = [addressOf(taken), addressOf(free)]
    await close(free)
    await expect(start(grpc, admin)).rejects.toThrow(/EADDRINUSE/)
    const again = await listen(Number(grpc.split(':')[1]))
    expect(addressOf(again)).toBe(grpc)
    await close(again)
    await close(taken)
  })
})

describe('shutdown', () => {
  it('goes on serving through the drain, and says each step', async () => {
    await writeFile(join(directory, 'keys.json'), '{"keys":[]}')
    const gate = await start(undefined, undefined, 1)
    const ended = gate.shutdown()
    const ready = await fetch(`http://${gate.addresses.admin}/readyz`)
    expect([ready.status, await ready.json()]).toMatchObject([
      503,
      { components: { running: { ready: false, detail: 'shutting down' } } },
    ])
    expect(await kindOf(gate.addresses.grpc!)).toBe('ok')
    await ended
    await expect(kindOf(gate.addresses.grpc!)).rejects.toThrow(/ECONNREFUSED/)
    await expect(fetch(`http://${gate.addresses.admin}/livez`)).rejects.toThrow()
    const steps = lines.map(({ msg }) => msg).filter((msg) => /shutting|stopped/.test(String(msg)))
    expect(steps).toEqual(['shutting down', 'stopped'])
  })
})
