/** Every kind of proxy that there is a file for under deploy/. */
import { envoyGrpc } from './envoy-grpc.js'
import type { ProxyKind } from './proxy.js'

export const proxyKinds: readonly ProxyKind[] = [envoyGrpc]
