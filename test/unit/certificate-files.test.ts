/** The CA that clients' certificates must come from: whole, or the one before stays. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { CertificateFiles, type CertificateFilesOptions } from '../../src/certificate-files.js'
import { createCertificateAuthority, createEndCertificate } from '../support/certificates.js'
import { withFiles } from '../support/config-text.js'

const authority = createCertificateAuthority('proxies')
const own = createEndCertificate('gate', authority)

async function withCa(
  ca: string,
  run: (options: CertificateFilesOptions & { readonly clientCaFile: string }) => Promise<void>,
): Promise<void> {
  const files = { 'cert.pem': own.certificate, 'key.pem': own.key, 'ca.pem': ca }
  await withFiles(files, async (directory) => {
    const [certFile, keyFile, clientCaFile] = ['cert.pem', 'key.pem', 'ca.pem'].map((name) =>
      join(directory, name),
    ) as [string, string, string]
    await run({ certFile, keyFile, clientCaFile, reloadMs: 60_000, onReloadFault: () => undefined })
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
    await withCa(ca, async (options) => {
      await expect(CertificateFiles.load(options)).rejects.toThrow()
    })
  })

  it.each(torn)('that becomes %s changes nothing', async (_name, ca) => {
    await withCa(authority.certificate, async (options) => {
      const files = await CertificateFiles.load(options)
      const seen: unknown[] = []
      files.onChange((current) => seen.push(current))
      await writeFile(options.clientCaFile, ca)
      await expect(files.reload()).rejects.toThrow()
      expect(files.current.caCertificate?.toString()).toBe(authority.certificate)
      expect(seen).toEqual([])
      files.close()
    })
  })
})
