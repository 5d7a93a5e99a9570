/** How a gate gets into a real redis-server: password, user, TLS; and that no secret gets out. */
import { readFileSync, writeFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { createCertificateAuthority, createEndCertificate } from '../support/certificates.js'
import { freePorts } from '../support/free-ports.js'
import {
  component,
  reasonAt,
  revoke,
  startSharedRevocations,
  storeUp,
  type SharedRevocations,
} from '../support/shared-revocations.js'
import { until } from '../support/until.js'

const password = 'a-password-of-redis'

let shared: SharedRevocations
afterEach(async () => {
  await shared.close()
})

it('works with a password from a file, which no log line has', async () => {
  shared = await startSharedRevocations(() => [`requirepass ${password}`])
  const passwordFile = join(shared.directory, 'redis-password')
  await writeFile(passwordFile, `${password}\n`)
  const gate = await shared.startGate({}, { passwordFile })
  expect(await storeUp(gate)).toBe(1)
  expect(await revoke(gate, { sub: 'alice' })).toMatchObject({ status: 201 })
  await writeFile(passwordFile, `not-${password}\n`)
  const wrong = await shared.startGate({}, { passwordFile })
  expect(await storeUp(wrong)).toBe(0)
  expect(JSON.stringify([await component(wrong), wrong.log, gate.log])).not.toContain(password)
})

it('works with a user who may do what the docs say and no more, in a database of its own', async () => {
  const page = readFileSync('docs/revocation.md', 'utf8')
  const rights = /^ACL SETUSER (scopegate on .*)$/m.exec(page)?.[1] ?? ''
  shared = await startSharedRevocations(() => [
    'user default off',
    `user ${rights.replace('PASSWORD', password)}`,
  ])
  const passwordFile = join(shared.directory, 'redis-password')
  await writeFile(passwordFile, password)
  const url = `redis://scopegate@127.0.0.1:${String(shared.redis.port)}/3`
  const start = async () => await shared.startGate({}, { url, passwordFile })
  const [one, two] = [await start(), await start()]
  expect([await storeUp(one), await storeUp(two)]).toEqual([1, 1])
  expect(await revoke(one, { sub: 'alice' })).toMatchObject({ status: 201 })
  const token = await shared.issuer.token()
  await until(async () => (await reasonAt(two, token)) === 'revoked', 'the push', 1_000)
  expect(await reasonAt(await start(), token)).toBe('revoked')
})

it('works with TLS of a private CA, and not with that of another', async () => {
  const authority = createCertificateAuthority('redis CA')
  const server = createEndCertificate('redis', authority)
  shared = await startSharedRevocations((directory) => {
    writeFileSync(join(directory, 'redis.pem'), server.certificate)
    writeFileSync(join(directory, 'redis.key'), server.key)
    return [
      `tls-cert-file ${join(directory, 'redis.pem')}`,
      `tls-key-file ${join(directory, 'redis.key')}`,
      'tls-auth-clients no',
    ]
  })
  const { directory, redis } = shared
  const [caFile, otherCaFile] = [join(directory, 'ca.pem'), join(directory, 'other-ca.pem')]
  await writeFile(caFile, authority.certificate)
  await writeFile(otherCaFile, createCertificateAuthority('other CA').certificate)
  const url = `rediss://127.0.0.1:${String(redis.port)}`
  const good = await shared.startGate({}, { url, caFile })
  expect(await storeUp(good)).toBe(1)
  expect(await revoke(good, { sub: 'alice' })).toMatchObject({ status: 201 })
  const bad = await shared.startGate({}, { url, caFile: otherCaFile })
  expect(await storeUp(bad)).toBe(0)
})

it('is tried for ever where nobody listens, and no error gets out', async () => {
  shared = await startSharedRevocations()
  const [closed] = await freePorts(1)
  const gate = await shared.startGate({}, { url: `redis://127.0.0.1:${String(closed)}` })
  const faults = gate.log.filter(({ msg }) => /revocation store/.test(String(msg)))
  expect(faults).toHaveLength(1)
  expect(faults[0]).toMatchObject({ fault: expect.stringMatching(/ECONNREFUSED/) as string })
})
