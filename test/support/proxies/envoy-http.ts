/** A real Envoy that runs deploy/envoy/envoy-http.yaml, which asks over HTTP. */
import { freePorts } from '../free-ports.js'
import { shippedFile } from '../shipped-file.js'
import {
  startProxyProcess,
  wheelBinary,
  type ProxyKind,
  type ProxySurroundings,
  type RunningProxy,
} from './proxy.js'

export const envoyHttp: ProxyKind = {
  name: 'Envoy, HTTP',
  door: 'envoy-http',
  start: async (surroundings) => await startEnvoyHttp(surroundings),
}

/** An Envoy with its admin server. */
export interface RunningEnvoy extends RunningProxy {
  /** The text of one of the admin server's pages, such as `/stats`. */
  readonly admin: (path: string) => Promise<string>
}

/** Starts it with the ports of a test. Nobody answers its health check, so that it asks the gate in any case. */
export async function startEnvoyHttp(surroundings: ProxySurroundings): Promise<RunningEnvoy> {
  const { gatePort, upstreamPort, replace = [] } = surroundings
  const [port = 0, adminPort = 0, nobody = 0] = await freePorts(3)
  const configuration = await shippedFile('deploy/envoy/envoy-http.yaml', [
    ['port_value: 8000', `port_value: ${String(port)}`],
    ['port_value: 9901', `port_value: ${String(adminPort)}`],
    ['port_value: 8080', `port_value: ${String(gatePort)}`],
    ['port_value: 8081', `port_value: ${String(nobody)}`],
    ['port_value: 8002', `port_value: ${String(upstreamPort)}`],
    ...replace,
  ])
  const running = await startProxyProcess({
    command: wheelBinary('envoy/_bin/envoy'),
    args: () => [
      ...['--config-path', 'envoy.yaml', '--concurrency', '1', '--disable-hot-restart'],
      ...['--log-level', 'warning', '--file-flush-interval-msec', '20', '--drain-time-s', '1'],
    ],
    files: { 'envoy.yaml': configuration },
    port,
  })
  return {
    ...running,
    admin: async (path) =>
      await (await fetch(`http://127.0.0.1:${String(adminPort)}${path}`)).text(),
  }
}
