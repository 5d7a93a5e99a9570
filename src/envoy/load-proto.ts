/**
 * The wire as a definition: our own subset of Envoy's API, loaded from `proto/`. For reflection, and for tests, where it is
 * the reference for our own codecs; no call is read or answered with it.
 */
import { fileURLToPath } from 'node:url'
import { loadSync, type PackageDefinition } from '@grpc/proto-loader'

const protoDirectory = fileURLToPath(new URL('../../proto', import.meta.url))

/** Loads every message and service of `proto/`. Reads files; throws when the installation is not whole. */
export function loadProto(): PackageDefinition {
  return loadSync('envoy/service/auth/v3/external_auth.proto', {
    includeDirs: [protoDirectory],
    keepCase: true,
    longs: String,
    enums: Number,
    defaults: true,
    oneofs: true,
  })
}
