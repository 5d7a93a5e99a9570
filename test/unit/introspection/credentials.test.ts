/** The files that show who the gate is, replaced and gone: the next question uses the new one, and none is never an allow. */
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exportPKCS8, jwtVerify } from 'jose'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createTestKey } from '../../support/authorization-server.js'
import {
  endpoint,
  gate,
  issuer,
  reasonOf,
  setUp,
  start,
  type Settings,
} from '../../support/introspection-world.js'

setUp()

let directory: string
let file: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'scopegate-secret-'))
  file = join(directory, 'secret')
  await writeFile(file, 'first\n')
})
afterEach(async () => {
  await rm(directory, { recursive: true })
})

async function startWithFile(introspection: Settings = {}): Promise<void> {
  const always = { cacheSeconds: 0, negativeCacheSeconds: 0 }
  await start({ ...always, clientSecretFile: file, ...introspection })
}

/** The secret of the last question with Basic credentials. */
function lastSecret(): string | undefined {
  const authorization = endpoint.asked.at(-1)?.headers.authorization ?? ''
  return Buffer.from(authorization.replace('Basic ', ''), 'base64').toString().split(':')[1]
}

describe('a client secret', () => {
  it('that is written anew, or renamed over the old one, goes with the next question', async () => {
    await startWithFile()
    expect(await reasonOf('opaque')).toBe('none')
    expect(lastSecret()).toBe('first')
    await writeFile(file, 'second')
    expect(await reasonOf('opaque')).toBe('none')
    expect(lastSecret()).toBe('second')
    await writeFile(`${file}.new`, 'third\r\n')
    await rename(`${file}.new`, file)
    expect(await reasonOf('opaque')).toBe('none')
    expect(lastSecret()).toBe('third')
  })

  it('that Kubernetes swaps goes with the next question', async () => {
    for (const version of ['v1', 'v2']) {
      await mkdir(join(directory, version))
      await writeFile(join(directory, version, 'secret'), `secret-of-${version}`)
    }
    await symlink('v1', join(directory, '..data'))
    await startWithFile({ clientSecretFile: join(directory, '..data', 'secret') })
    expect(await reasonOf('opaque')).toBe('none')
    expect(lastSecret()).toBe('secret-of-v1')
    await symlink('v2', join(directory, '..data_tmp'))
    await rename(join(directory, '..data_tmp'), join(directory, '..data'))
    expect(await reasonOf('opaque')).toBe('none')
    expect(lastSecret()).toBe('secret-of-v2')
  })

  it('goes in the form with client_secret_post, and nowhere else', async () => {
    await startWithFile({ authMethod: 'client_secret_post' })
    await reasonOf('opaque')
    await writeFile(file, 'second\n')
    await reasonOf('opaque')
    expect(endpoint.asked.map(({ form }) => form.get('client_secret'))).toEqual(['first', 'second'])
    expect(endpoint.asked.map(({ headers }) => headers.authorization)).toEqual([
      undefined,
      undefined,
    ])
  })

  it('that the issuer has withdrawn is its 401, until the new one is in the file', async () => {
    const answer = endpoint.answer
    endpoint.answer = (response, asked) => {
      if (lastSecret() === 'second') answer(response, asked)
      else response.writeHead(401).end()
    }
    await startWithFile()
    expect(await reasonOf('opaque')).toBe('introspection_unavailable')
    await writeFile(file, 'second')
    expect(await reasonOf('opaque')).toBe('none')
  })

  it.each<[string, () => Promise<void>]>([
    ['is gone', () => rm(file)],
    ['is empty', () => writeFile(file, '')],
    ['is a line end', () => writeFile(file, '\n')],
    ['is too long', () => writeFile(file, 'x'.repeat(65_537))],
    [
      'is a directory',
      () =>
        rm(file)
          .then(() => mkdir(file))
          .then(() => undefined),
    ],
  ])(
    'whose file %s: 503 without a question, never an allow, and nothing told',
    async (_n, spoil) => {
      await startWithFile()
      expect(await reasonOf('opaque')).toBe('none')
      await spoil()
      const headers = { authorization: 'Bearer opaque' }
      const { kind, status, metadata } = await gate!.client.check({ path: '/read', headers })
      expect([kind, status, metadata['reason']]).toEqual([
        'denied',
        503,
        'introspection_unavailable',
      ])
      expect(endpoint.asked).toHaveLength(1)
      expect(gate!.log).toContainEqual(expect.objectContaining({ msg: 'introspection failed' }))
      expect(JSON.stringify(gate!.log)).not.toMatch(/opaque|first|xxxx/)
      expect(await reasonOf(await issuer.token())).toBe('none')
      await rm(file, { recursive: true, force: true })
      await writeFile(file, 'second')
      expect(await reasonOf('opaque')).toBe('none')
      expect(lastSecret()).toBe('second')
    },
  )

  it('that is gone ends no answer that still counts, and gives none for a new token', async () => {
    await startWithFile({ cacheSeconds: 300 })
    expect(await reasonOf('known')).toBe('none')
    await rm(file)
    expect(await reasonOf('new')).toBe('introspection_unavailable')
    expect(await reasonOf('known')).toBe('none')
  })
})

describe('a private key', () => {
  it('that is replaced signs the next question, and without one there is none', async () => {
    const keys = [await createTestKey(), await createTestKey()]
    const pems = await Promise.all(keys.map(async (key) => await exportPKCS8(key.privateKey)))
    await writeFile(file, pems[0]!)
    await startWithFile({ clientSecretFile: undefined, privateKeyFile: file, algorithm: 'ES256' })
    for (const [i, key] of keys.entries()) {
      await writeFile(file, pems[i]!)
      expect(await reasonOf('opaque')).toBe('none')
      const assertion = endpoint.asked.at(-1)?.form.get('client_assertion') ?? ''
      const { payload } = await jwtVerify(assertion, key.jwk)
      expect(payload).toMatchObject({ iss: 'the gate', sub: 'the gate', aud: issuer.issuer })
    }
    const ids = endpoint.asked.map(({ form }) => form.get('client_assertion'))
    expect(new Set(ids).size).toBe(2)
    await writeFile(file, pems[0]!.slice(0, 60))
    expect(await reasonOf('opaque')).toBe('introspection_unavailable')
    await rm(file)
    expect(await reasonOf('opaque')).toBe('introspection_unavailable')
    expect(endpoint.asked).toHaveLength(2)
    expect(JSON.stringify(gate!.log)).not.toContain(pems[0]!.slice(30, 60))
  })
})
