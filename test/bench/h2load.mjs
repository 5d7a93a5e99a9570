/** Load by h2load: the same call over and over, on connections that stay open, as from the workers of an Envoy. */
import { spawnSync } from 'node:child_process'
import { callHeaders, callPath } from './check-call.mjs'
import { onCores, run } from './processes.mjs'

/** Whether h2load and taskset are there; false has told the user what to do. */
export function hasTools() {
  for (const [tool, debianPackage] of [
    ['h2load', 'nghttp2-client'],
    ['wrk', 'wrk'],
    ['taskset', 'util-linux'],
  ]) {
    if (spawnSync(tool, ['--version']).error === undefined) continue
    console.error(`bench: ${tool} is missing; it comes with: apt-get install ${debianPackage}`)
    return false
  }
  return true
}

/**
 * Load with the frame in `bodyFile`: a function of address and number of requests, which resolves to the rate, the
 * failures, and the bytes of all answers. By those the caller tells whether every single one was the expected
 * answer; HTTP statuses cannot, since a denial and an RPC error are a 200 to HTTP. The address may be `unix:/path`, and
 * with the scheme `https` no certificate is checked: it is the cost of TLS that is measured. It runs where this process does, or
 * on one `core`.
 */
export function h2load(bodyFile, connections, streams, { scheme = 'http', core = undefined } = {}) {
  const fixed = [
    ...['-c', String(connections), '-m', String(streams), '-d', bodyFile],
    ...Object.entries(callHeaders).flatMap(([name, value]) => ['-H', `${name}: ${value}`]),
  ]
  return async (address, requests) => {
    const isUnix = address.startsWith('unix:')
    const url = `${scheme}://${isUnix ? 'localhost' : address}${callPath}`
    const base = isUnix ? ['-B', address] : []
    const args = [...fixed, ...base, '-n', String(requests), url]
    const output = await run(
      ...(core === undefined ? ['h2load', args] : onCores([core], 'h2load', ...args)),
    )
    const number = (pattern) => {
      const match = pattern.exec(output)
      if (match === null) throw new Error(`h2load printed no ${String(pattern)}:\n${output}`)
      return Number(match[1])
    }
    return {
      perSecond: number(/finished in .*?, ([\d.]+) req\/s/),
      failures: requests - number(/status codes: (\d+) 2xx/),
      answerBytes: number(/\((\d+)\) data$/m),
    }
  }
}
