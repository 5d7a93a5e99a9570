/** The CA that clients' certificates must come from: whole, or the one before stays. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { CertificateFilesProvider } from '../../../src/envoy/certificate-files.js'
import { createCertificateAuthority, createEndCertificate } from '../../support/certificates.js'
import { withFiles } from '../../support/config-text.js'

const authority = createCertificateAuthority('proxies')
const own = createEndCertificate('gate', authority)

async function withCa(
  ca: string,
  run: (files: { certFile: string; keyFile: string; clientCaFile: string }) => Promise<void>,
): Promise<void> {
  const files = { 'cert.pem': own.certificate, 'key.pem': own.key, 'ca.pem': ca }
  await withFiles(files, async (directory) => {
    const [certFile, keyFile, clientCaFile] = ['cert.pem', 'key.pem', 'ca.pem'].map((name) =>
      join(directory, name),
    ) as [string, string, string]
    await run({ certFile, keyFile, clientCaFile })
  })
}

const torn = [
  ['empty', ''],
  ['no PEM', 'garbage'],
  ['half written', authority.certificate.slice(0, 200)],
  ['followed by half another', authority.certificate + authority.certificate.slice(0, 200)],
  ['a frame around garbage', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'],
]

describe('a client CA file', () => {
  it.each(torn)('that is %s does not start a server', async (_name, ca) => {
    await withCa(ca, async (files) => {
      await expect(CertificateFilesProvider.load(files)).rejects.toThrow()
    })
  })

  it.each(torn)('that becomes %s changes nothing', async (_name, ca) => {
    await withCa(authority.certificate, async (files) => {
      const provider = await CertificateFilesProvider.load(files)
      const seen: (string | undefined)[] = []
      provider.addCaCertificateListener((update) => {
        seen.push(update?.caCertificate.toString())
      })
      await Promise.resolve()
      await writeFile(files.clientCaFile, ca)
      await expect(provider.reload()).rejects.toThrow()
      expect(seen).toEqual([authority.certificate])
    })
  })
})
