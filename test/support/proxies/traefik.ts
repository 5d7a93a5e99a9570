/** A real Traefik that runs deploy/traefik/traefik.yaml and dynamic.yaml. */
import { resolve } from 'node:path'
import { freePorts } from '../free-ports.js'
import { shippedFile, type Replacement } from '../shipped-file.js'
import { until } from '../until.js'
import { startProxyProcess, type ProxyKind } from './proxy.js'

export const traefik: ProxyKind = {
  name: 'Traefik',
  door: 'traefik',
  async start({ gatePort, upstreamPort, replace = [] }) {
    const [port = 0, questionPort = 0] = await freePorts(2)
    const inStatic = await replacementsFor('deploy/traefik/traefik.yaml', replace)
    const configuration = await shippedFile('deploy/traefik/traefik.yaml', [
      ['address: 127.0.0.1:8000', `address: 127.0.0.1:${String(port)}`],
      ['address: 127.0.0.1:8010', `address: 127.0.0.1:${String(questionPort)}`],
      ...inStatic,
    ])
    const routes = await shippedFile('deploy/traefik/dynamic.yaml', [
      ['http://127.0.0.1:8010/', `http://127.0.0.1:${String(questionPort)}/`],
      ['url: http://127.0.0.1:8080', `url: http://127.0.0.1:${String(gatePort)}`],
      ['url: http://127.0.0.1:8002', `url: http://127.0.0.1:${String(upstreamPort)}`],
      sign,
      ...replace.filter((replacement) => !inStatic.includes(replacement)),
    ])
    const running = await startProxyProcess({
      command: traefikCommand(),
      args: () => ['--configFile=traefik.yaml'],
      files: { 'traefik.yaml': configuration, 'dynamic.yaml': routes },
      port,
      environment: { GOMAXPROCS: '1' },
    })
    try {
      // The port is open before there is a route; all of them come at once.
      await until(async () => {
        if (running.output().includes('"level":"error"')) throw new Error(running.output())
        return await fetch(`http://127.0.0.1:${String(questionPort)}/sign`).then(
          ({ status }) => status === 503,
          () => false, // The second port may be open later than the first.
        )
      }, 'a route of Traefik')
      return running
    } catch (fault) {
      await running.stop()
      throw fault
    }
  },
}

export function traefikCommand(): string {
  return resolve('.venv/bin/traefik')
}

/** A route that shows that there are routes, and troubles neither gate nor upstream. */
const sign: Replacement = [
  '\n  routers:\n',
  '\n  routers:\n    sign: { entryPoints: [scopegate], rule: Path(`/sign`), service: nobody }\n',
]

async function replacementsFor(
  path: string,
  replace: readonly Replacement[],
): Promise<readonly Replacement[]> {
  const text = await shippedFile(path, [])
  return replace.filter(([from]) => text.includes(from))
}
