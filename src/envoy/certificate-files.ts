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
import type { experimental } from '@grpc/grpc-js'

/** Where the certificates are. */
export interface CertificateFiles {
  readonly certFile: string
  readonly keyFile: string
  /** The CA that clients' certificates must come from; undefined asks for none. */
  readonly clientCaFile: string | undefined
}

interface Loaded {
  readonly certificate: Buffer
  readonly privateKey: Buffer
  readonly caCertificate: Buffer | undefined
}

type IdentityListener = experimental.IdentityCertificateUpdateListener
type CaListener = experimental.CaCertificateUpdateListener

/** Gives grpc-js the certificates of some files, and new ones from then on. */
export class CertificateFilesProvider implements experimental.CertificateProvider {
  readonly #files: CertificateFiles
  readonly #identityListeners = new Set<IdentityListener>()
  readonly #caListeners = new Set<CaListener>()
  #loaded: Loaded

  private constructor(files: CertificateFiles, loaded: Loaded) {
    this.#files = files
    this.#loaded = loaded
  }

  /** Reads the files for the first time. Rejects when one cannot be read or they do not fit together. */
  static async load(files: CertificateFiles): Promise<CertificateFilesProvider> {
    return new CertificateFilesProvider(files, await readFiles(files))
  }

  /** Reads the files again. Rejects like {@link load}, and then keeps what it has. */
  async reload(): Promise<void> {
    const loaded = await readFiles(this.#files)
    if (isSame(loaded, this.#loaded)) return
    this.#loaded = loaded
    for (const listener of this.#identityListeners) listener(loaded)
    for (const listener of this.#caListeners) listener(caOf(loaded))
  }

  addIdentityCertificateListener(listener: IdentityListener): void {
    this.#identityListeners.add(listener)
    // Not at once: grpc-js takes the listener before it watches for what the listener is told, and would never know.
    queueMicrotask(() => {
      if (this.#identityListeners.has(listener)) listener(this.#loaded)
    })
  }

  removeIdentityCertificateListener(listener: IdentityListener): void {
    this.#identityListeners.delete(listener)
  }

  addCaCertificateListener(listener: CaListener): void {
    this.#caListeners.add(listener)
    queueMicrotask(() => {
      if (this.#caListeners.has(listener)) listener(caOf(this.#loaded))
    })
  }

  removeCaCertificateListener(listener: CaListener): void {
    this.#caListeners.delete(listener)
  }
}

async function readFiles(files: CertificateFiles): Promise<Loaded> {
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

function caOf({ caCertificate }: Loaded): experimental.CaCertificateUpdate | null {
  return caCertificate === undefined ? null : { caCertificate }
}

function isSame(a: Loaded, b: Loaded): boolean {
  return (
    a.certificate.equals(b.certificate) &&
    a.privateKey.equals(b.privateKey) &&
    (a.caCertificate ?? Buffer.alloc(0)).equals(b.caCertificate ?? Buffer.alloc(0))
  )
}
