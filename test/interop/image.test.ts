/**
 * What the image holds runs as the image runs it: as user 65532, with nothing to write to. There may be no container
 * engine, so the tests lay out the same tree by the same script.
 */
import type { ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import {
  startTestAuthorizationServer,
  type TestAuthorizationServer,
} from '../support/authorization-server.js'
import { createCheckClient } from '../support/check-client.js'
import { endProcess } from '../support/end-process.js'
import { assembleImageTree, createImageRoot, imageNode } from '../support/image-tree.js'
import { collectLogLine } from '../support/log-collector.js'
import { testConfig } from '../support/test-gate.js'
import { until } from '../support/until.js'
import { isAlive, workerPids, workersReady } from '../support/worker-processes.js'

const dockerfile = readFileSync('Dockerfile', 'utf8')
const bundle = '/app/dist/bundle/scopegate.mjs'
const work = mkdtempSync(join(tmpdir(), 'scopegate-image-'))
const tree = join(work, 'app')

beforeAll(() => {
  assembleImageTree(tree)
})
afterAll(() => {
  rmSync(work, { recursive: true })
})

interface Component {
  readonly name: string
  readonly version: string
}

function sbomComponents(): readonly Component[] {
  const text = readFileSync(join(tree, 'sbom.cdx.json'), 'utf8')
  return (JSON.parse(text) as { components: Component[] }).components
}

function files(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort()
}

function digest(directory: string): string {
  const hash = createHash('sha256')
  for (const path of files(directory)) {
    hash.update(`${path}\n`)
    const file = join(directory, path)
    if (statSync(file).isFile()) hash.update(readFileSync(file))
  }
  return hash.digest('hex')
}

describe('the tree of the image', () => {
  it('is the same, byte for byte, when it is made again', () => {
    const again = join(work, 'again')
    assembleImageTree(again)
    expect(digest(again)).toBe(digest(tree))
  })

  it('is not laid over something that is there', () => {
    expect(() => {
      assembleImageTree(work)
    }).toThrow('Command failed')
  })

  it('can be written by nobody', () => {
    const writable = files(tree)
      .map((path) => statSync(join(tree, path)))
      .filter((entry) => (entry.mode & (entry.isFile() ? 0o222 : 0o022)) !== 0)
    expect(writable).toEqual([])
  })

  it('names every package in the bill and in the licences, and no package of development', () => {
    const { dependencies, devDependencies } = JSON.parse(
      readFileSync('package.json', 'utf8'),
    ) as Record<'dependencies' | 'devDependencies', Record<string, string>>
    const components = sbomComponents()
    const names = components.map(({ name }) => name)
    expect(names).toEqual(expect.arrayContaining(Object.keys(dependencies)))
    expect(Object.keys(devDependencies).filter((name) => names.includes(name))).toEqual([])
    const licenses = readFileSync(join(tree, 'THIRD-PARTY-LICENSES.txt'), 'utf8')
    for (const { name, version } of components) {
      expect(licenses).toContain(`${name} ${version} (`)
    }
    expect(licenses.split(`\n${'-'.repeat(80)}\n`)).toHaveLength(components.length)
  })

  it('tells of no place where it was made', () => {
    expect(readFileSync(join(tree, 'dist/bundle/scopegate.mjs'), 'utf8')).not.toContain(
      process.cwd(),
    )
  })
})

describe('the Dockerfile', () => {
  it('lays the tree out by the script, and starts what the tests start, as a user by number', () => {
    expect(dockerfile).toMatch(/^RUN .*node deploy\/image\/assemble\.mjs \/app$/m)
    expect(dockerfile).toContain(`ENTRYPOINT ["${imageNode}", "${bundle}"]`)
    expect(dockerfile).toContain('CMD ["serve"]')
    expect(dockerfile).toMatch(/^USER 65532:65532$/m)
    expect(existsSync(join(tree, bundle.replace('/app/', '')))).toBe(true)
  })

  it('has a version label that is the version', () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as Component
    expect(dockerfile).toContain(`ARG VERSION=${version}`)
  })

  it.each(['package.json', 'package-lock.json', 'tsconfig.json', 'LICENSE', 'proto', 'src'])(
    'gets %s from .dockerignore',
    (name) => {
      expect(readFileSync('.dockerignore', 'utf8').split('\n')).toContain(`!${name}`)
    },
  )
})

describe('the image, read-only and as user 65532', () => {
  it('cannot write, and is who it should be', async () => {
    const root = createImageRoot(tree, '')
    const program = `
      const { writeFileSync, readFileSync } = require('node:fs')
      const codes = ['/app/x', '/etc/scopegate/x', '/x', '/tmp/x'].map((path) => {
        try { writeFileSync(path, ''); return 'written' } catch (error) { return error.code }
      })
      const status = readFileSync('/proc/self/status', 'utf8')
      const capabilities = /^CapEff:\\s*(\\w+)$/m.exec(status)[1]
      console.log(JSON.stringify({ codes, uid: process.getuid(), gid: process.getgid(), capabilities }))`
    const child = root.run(imageNode, ['-e', program])
    let output = ''
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (output += text))
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (output += text))
    await new Promise((resolve) => child.once('close', resolve))
    root.remove()
    expect(JSON.parse(output)).toEqual({
      codes: ['EROFS', 'EROFS', 'EROFS', 'ENOENT'],
      uid: 65532,
      gid: 65532,
      capabilities: '0000000000000000',
    })
  })

  it('serves decisions over gRPC and HTTP, reflection and metrics, and ends with 0', async () => {
    await serving([], async ({ child, addresses, issuer }) => {
      const client = createCheckClient(addresses.grpc)
      const authorization = `Bearer ${await issuer.token()}`
      const allowed = await client.check({ path: '/read', headers: { authorization } })
      const refused = await client.check({ path: '/read' })
      client.close()
      expect(allowed.kind).toBe('ok')
      expect(refused.status).toBe(401)
      const nginx = await fetch(`http://${addresses.http}/nginx`, {
        headers: {
          'x-original-method': 'GET',
          'x-original-uri': '/read',
          authorization,
        },
      })
      expect(nginx.status).toBe(200)
      const metrics = await (await fetch(`http://${addresses.admin}/metrics`)).text()
      expect(metrics).toMatch(/scopegate_decisions_total\{decision="allow".*door="envoy"\} 1/)
      expect(metrics).toContain('process_resident_memory_bytes')
      expect(await endProcess(child)).toBe(0)
    })
  })

  it('serves with two workers, which are the same one file, and replaces one that is lost', async () => {
    await serving(['--workers', '2'], async ({ child, addresses, issuer, output }) => {
      const gate = { pid: child.pid ?? 0, addresses }
      await workersReady(gate, 2)
      const pids = await workerPids(gate)
      expect(pids).toHaveLength(2)
      for (const pid of pids) {
        const command = readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8').split('\0')
        expect(command.slice(0, 2)).toEqual([imageNode, bundle])
      }
      const authorization = `Bearer ${await issuer.token()}`
      const ask = async (): Promise<void> => {
        const client = createCheckClient(addresses.grpc)
        const allowed = await client.check({ path: '/read', headers: { authorization } })
        const refused = await client.check({ path: '/read' })
        client.close()
        expect([allowed.kind, refused.status]).toEqual(['ok', 401])
      }
      for (let i = 0; i < 4; i += 1) await ask()
      const deciders = (): number =>
        new Set([...output().matchAll(/"worker":(\d+),"decision_id"/g)].map(([, one]) => one)).size
      await until(() => deciders() === 2, 'a refusal by each worker')

      process.kill(pids[0] ?? 0, 'SIGKILL')
      await until(async () => !(await isAlive(pids[0] ?? 0)), 'the end of the worker')
      await workersReady(gate, 2)
      await ask()
      expect(await endProcess(child)).toBe(0)
    })
  })
})

interface Inside {
  readonly child: ChildProcess
  readonly addresses: Record<'grpc' | 'http' | 'admin', string>
  readonly issuer: TestAuthorizationServer
  readonly output: () => string
}

/** Runs the image with doors on free ports until `use` is done. */
async function serving(
  flags: readonly string[],
  use: (inside: Inside) => Promise<void>,
): Promise<void> {
  const issuer = await startTestAuthorizationServer()
  const config = testConfig(issuer, {
    listen: {
      grpc: { address: '127.0.0.1:0', reflection: true },
      http: { address: '127.0.0.1:0', trustedProxies: ['127.0.0.1/32'] },
      admin: { address: '127.0.0.1:0' },
    },
    shutdown: { drainSeconds: 0, graceSeconds: 2 },
  })
  const root = createImageRoot(tree, stringify(config))
  const args = [bundle, 'serve', '--config', '/etc/scopegate/scopegate.yaml', ...flags]
  const child = root.run(imageNode, args)
  try {
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        collectLogLine(text)
        output += text
      })
    }
    await until(() => {
      if (child.exitCode !== null) throw new Error(output)
      return output.includes('"msg":"ready"')
    }, 'readiness')
    const line = output.split('\n').find((text) => text.includes('"msg":"listening"')) ?? '{}'
    const addresses = JSON.parse(line) as Inside['addresses']
    await use({ child, addresses, issuer, output: () => output })
  } finally {
    await endProcess(child, 'SIGKILL')
    root.remove()
    await issuer.close()
  }
}
