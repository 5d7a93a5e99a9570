/** `scopegate dev`: an authorization server for trying things out. */
import { startDevServer } from '../dev/index.js'
import type { Output } from './check-config.js'
import { exitCode } from './exit-code.js'

/** Where the server listens and for whom its tokens are. */
export interface DevOptions {
  readonly host: string
  readonly port: string
  readonly audience: string
}

/** Runs the authorization server until `stopped` resolves. Resolves to the exit code. */
export async function dev(
  options: DevOptions,
  stopped: Promise<unknown>,
  output: Output,
): Promise<number> {
  const { host, audience } = options
  const port = Number(options.port)
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    output.error(`scopegate: "${options.port}" is not a port`)
    return exitCode.usage
  }
  const server = await startDevServer({ host, port, audience })
  output.out(`authorization server for trying things out: ${server.issuer}`)
  output.out(
    `  a token:      curl -su demo:demo ${server.issuer}/token -d grant_type=client_credentials -d scope=read:users`,
  )
  output.out(`  another key:  curl -sX POST ${server.issuer}/rotate`)
  await stopped
  await server.close()
  return exitCode.good
}
