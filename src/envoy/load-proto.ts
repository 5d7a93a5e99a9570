/** The wire as a definition: our own subset of Envoy's API, loaded from `proto/`. */
import { fileURLToPath } from 'node:url'
import { loadSync, type MethodDefinition, type PackageDefinition } from '@grpc/proto-loader'

/** The service that proxies call, and whose health they ask for. */
export const authorizationService = 'envoy.service.auth.v3.Authorization'

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

/** The definition of the Check call. */
export function checkMethod(definition: PackageDefinition): MethodDefinition<object, object> {
  const service = definition[authorizationService]
  const method = service !== undefined && 'Check' in service ? service['Check'] : undefined
  if (method === undefined || typeof method !== 'object' || !('requestSerialize' in method)) {
    throw new TypeError(`${authorizationService} has no Check`)
  }
  return method
}
