/** The gRPC door: Envoy's external authorization protocol, translated to and from check requests and decisions. */
export { createExtAuthzService, type ExtAuthzService } from './ext-authz-service.js'
export { startGrpcServer } from './grpc-server.js'
export type { GrpcServer, GrpcServerOptions } from './grpc-server.js'
