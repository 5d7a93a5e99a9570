/** The block of docs/envoy.md for TLS: with it the shipped file asks a gate that wants certificates, and only the right gate. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { startTestAuthorizationServer } from '../support/authorization-server.js'
import { createCertificateAuthority, createEndCertificate } from '../support/certificates.js'
import { blocksOf } from '../support/document-blocks.js'
import { startEchoUpstream } from '../support/echo-upstream.js'
import { startEnvoy } from '../support/envoy.js'
import { startTestGate, testConfig } from '../support/test-gate.js'

const cleanups: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

const shown = blocksOf(readFileSync('docs/envoy.md', 'utf8'), 'yaml').find((text) =>
  text.startsWith('transport_socket:'),
)

/** What clients get with a good token and without one; `change` is made to the block. */
async function statuses(change: (block: string) => string): Promise<readonly number[]> {
  const directory = mkdtempSync(join(tmpdir(), 'scopegate-envoy-tls-'))
  cleanups.push(async () => {
    rmSync(directory, { recursive: true })
  })
  const file = (name: string): string => join(directory, name)
  const gateCa = createCertificateAuthority('gates')
  const proxyCa = createCertificateAuthority('proxies')
  const ends = {
    gate: createEndCertificate('gate', gateCa),
    proxy: createEndCertificate('proxy', proxyCa),
  }
  for (const [name, { certificate, key }] of Object.entries(ends)) {
    writeFileSync(file(`${name}.crt`), certificate)
    writeFileSync(file(`${name}.key`), key)
  }
  writeFileSync(file('gate-ca.pem'), gateCa.certificate)
  writeFileSync(file('proxies-ca.crt'), proxyCa.certificate)

  const issuer = await startTestAuthorizationServer()
  cleanups.push(async () => {
    await issuer.close()
  })
  const upstream = await startEchoUpstream()
  cleanups.push(upstream.close)
  const tls = {
    certFile: file('gate.crt'),
    keyFile: file('gate.key'),
    clientCaFile: file('proxies-ca.crt'),
  }
  const gate = await startTestGate(testConfig(issuer, { listen: { grpc: { tls } } }))
  cleanups.push(async () => {
    await gate.close()
  })
  const block = change(shown ?? '')
    .replaceAll('/etc/envoy/', `${directory}/`)
    .replaceAll('gate.example.com', 'localhost')
    .replaceAll(/^(?=.)/gm, '      ')
  const envoy = await startEnvoy({
    gates: [gate.addresses.grpc],
    upstreamPort: upstream.port,
    replace: [['    - name: scopegate\n', `    - name: scopegate\n${block}`]],
  })
  cleanups.push(envoy.stop)
  const headers = { authorization: `Bearer ${await issuer.token()}` }
  const good = await fetch(`${envoy.url}/read`, { headers })
  const none = await fetch(`${envoy.url}/read`)
  return [good.status, none.status]
}

it('asks over TLS, with a certificate of its own', async () => {
  expect(await statuses((block) => block)).toEqual([200, 401])
})

it.each<readonly [string, (block: string) => string]>([
  ['without its certificate', (block) => block.replace(/ *tls_certificates:\n.*\n.*\n/, '')],
  ['when the gate has another name', (block) => block.replace('exact: gate', 'exact: other')],
])('is closed %s', async (_, change) => {
  expect(change(shown ?? '')).not.toBe(shown)
  expect(await statuses(change)).toEqual([503, 503])
})
