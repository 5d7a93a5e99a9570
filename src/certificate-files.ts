/**
 * Certificate files that are read again when they change.
 *
 * The rules are:
 *   - files that do not fit together, as in the middle of a rotation, change nothing: the last good ones stay in use;
 *   - the first read decides whether the server starts at all.
 */
import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'

/** Certificate files, and how often to look for new ones. */
export interface CertificateFilesOptions {
  readonly certFile: string
  readonly keyFile: string
  /** The CA that clients' certificates must come from; undefined asks for none. */
  readonly clientCaFile: string | undefined
  readonly reloadMs: number
  /** Told when changed files cannot be used; the ones before stay in use. */
  readonly onReloadFault: (fault: unknown) => void
}

/** What the files hold. */
export interface Certificates {
  readonly certificate: Buffer
  readonly privateKey: Buffer
  readonly caCertificate: Buffer | undefined
}

/** The certificates of some files, and new ones from then on. */
export class CertificateFiles {
  readonly #options: CertificateFilesOptions
  readonly #listeners = new Set<(current: Certificates) => void>()
  readonly #timer: NodeJS.Timeout
  #current: Certificates

  private constructor(options: CertificateFilesOptions, current: Certificates) {
    this.#options = options
    this.#current = current
    this.#timer = setInterval(() => {
      void this.lookNow()
    }, options.reloadMs).unref()
  }

  /** Reads the files for the first time. Rejects when one cannot be read or they do not fit together. */
  static async load(options: CertificateFilesOptions): Promise<CertificateFiles> {
    return new CertificateFiles(options, await readFiles(options))
  }

  /** The last good ones. */
  get current(): Certificates {
    return this.#current
  }

  /** Calls back with every change. */
  onChange(listener: (current: Certificates) => void): void {
    this.#listeners.add(listener)
  }

  /** Reads the files again. Rejects like {@link load}, and then keeps what it has. */
  async reload(): Promise<void> {
    const read = await readFiles(this.#options)
    if (isSame(read, this.#current)) return
    this.#current = read
    for (const listener of this.#listeners) listener(read)
  }

  /** The same, and tells whoever is told of faults instead of rejecting. */
  async lookNow(): Promise<void> {
    await this.reload().catch(this.#options.onReloadFault)
  }

  /** Looks no more. */
  close(): void {
    clearInterval(this.#timer)
  }
}

async function readFiles(files: CertificateFilesOptions): Promise<Certificates> {
  const [certificate, privateKey, caCertificate] = await Promise.all([
    readFile(files.certFile),
    readFile(files.keyFile),
    files.clientCaFile === undefined ? undefined : readFile(files.clientCaFile),
  ])
  // Throws when the key is not the certificate's, or something is no PEM.
  createSecureContext({ cert: certificate, key: privateKey, ca: caCertificate })
  if (caCertificate !== undefined) checkCertificates(caCertificate.toString('latin1'))
  return { certificate, privateKey, caCertificate }
}

/** A secure context takes any text for a CA; half a file would then lock every client out. */
function checkCertificates(pem: string): void {
  const certificates = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  if (certificates.length === 0 || certificates.length !== pem.split('-----BEGIN').length - 1) {
    throw new Error('the client CA file has no whole certificate')
  }
  for (const certificate of certificates) new X509Certificate(certificate)
}

function isSame(a: Certificates, b: Certificates): boolean {
  return (
    a.certificate.equals(b.certificate) &&
    a.privateKey.equals(b.privateKey) &&
    (a.caCertificate ?? Buffer.alloc(0)).equals(b.caCertificate ?? Buffer.alloc(0))
  )
}
