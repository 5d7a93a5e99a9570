/** Certificate files in the form in which grpc-js asks for certificates. */
import type { experimental } from '@grpc/grpc-js'
import type { CertificateFiles, Certificates } from '../certificate-files.js'

type IdentityListener = experimental.IdentityCertificateUpdateListener
type CaListener = experimental.CaCertificateUpdateListener

/** Gives grpc-js the certificates of some files, and new ones from then on. */
export class CertificateProvider implements experimental.CertificateProvider {
  readonly #files: CertificateFiles
  readonly #identityListeners = new Set<IdentityListener>()
  readonly #caListeners = new Set<CaListener>()

  constructor(files: CertificateFiles) {
    this.#files = files
    files.onChange((current) => {
      for (const listener of this.#identityListeners) listener(current)
      for (const listener of this.#caListeners) listener(caOf(current))
    })
  }

  addIdentityCertificateListener(listener: IdentityListener): void {
    this.#identityListeners.add(listener)
    // Not at once: grpc-js takes the listener before it watches for what the listener is told, and would never know.
    queueMicrotask(() => {
      if (this.#identityListeners.has(listener)) listener(this.#files.current)
    })
  }

  removeIdentityCertificateListener(listener: IdentityListener): void {
    this.#identityListeners.delete(listener)
  }

  addCaCertificateListener(listener: CaListener): void {
    this.#caListeners.add(listener)
    queueMicrotask(() => {
      if (this.#caListeners.has(listener)) listener(caOf(this.#files.current))
    })
  }

  removeCaCertificateListener(listener: CaListener): void {
    this.#caListeners.delete(listener)
  }
}

function caOf({ caCertificate }: Certificates): experimental.CaCertificateUpdate | null {
  return caCertificate === undefined ? null : { caCertificate }
}
