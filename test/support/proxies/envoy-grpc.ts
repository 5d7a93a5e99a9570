/** Envoy with deploy/envoy/envoy.yaml, which asks over gRPC. */
import { startEnvoy } from '../envoy.js'
import type { ProxyKind } from './proxy.js'

export const envoyGrpc: ProxyKind = {
  name: 'Envoy, gRPC',
  door: 'envoy',
  async start({ grpcPort = 0, upstreamPort, replace = [] }) {
    const gates = [`127.0.0.1:${String(grpcPort)}`]
    const envoy = await startEnvoy({ gates, upstreamPort, replace })
    return { port: envoy.port, output: () => '', stop: envoy.stop }
  },
}
