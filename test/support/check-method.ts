/** The Check call as proto-loader knows it: what peers speak, and the reference for our own codecs. */
import type { MethodDefinition } from '@grpc/proto-loader'
import { authorizationService } from '../../src/envoy/ext-authz-service.js'
import { loadProto } from '../../src/envoy/load-proto.js'

/** The definition of the Check call, with codecs for whole messages. */
export const checkMethod = find()

function find(): MethodDefinition<object, object> {
  const service = loadProto()[authorizationService]
  const method = service !== undefined && 'Check' in service ? service['Check'] : undefined
  if (method === undefined || typeof method !== 'object' || !('requestSerialize' in method)) {
    throw new TypeError(`${authorizationService} has no Check`)
  }
  return method
}
