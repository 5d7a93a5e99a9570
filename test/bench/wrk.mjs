/** Load by wrk: the same question over and over, on connections that stay open, as from the workers of an NGINX. */
import { run } from './processes.mjs'

/**
 * Load by time, since wrk counts no requests in advance: a function of address and number of requests, of which it
 * makes as many as it can in a second. Resolves to the rate, the requests made, and the failures: answers that are not
 * 2xx, and connections that broke.
 */
export function wrk(path, headers, connections) {
  const fixed = [
    ...['-t', '1', '-c', String(connections), '-d', '1s'],
    ...headers.flatMap(([name, value]) => ['-H', `${name}: ${value}`]),
  ]
  return async (address) => {
    const output = await run('wrk', [...fixed, `http://${address}${path}`])
    const number = (pattern, otherwise) => {
      const match = pattern.exec(output)
      if (match === null && otherwise === undefined) {
        throw new Error(`wrk printed no ${String(pattern)}:\n${output}`)
      }
      return match === null
        ? otherwise
        : match.slice(1).reduce((sum, text) => sum + Number(text), 0)
    }
    return {
      requests: number(/(\d+) requests in/),
      perSecond: number(/Requests\/sec: +([\d.]+)/),
      failures:
        number(/Non-2xx or 3xx responses: (\d+)/, 0) +
        number(/connect (\d+), read (\d+), write (\d+), timeout (\d+)/, 0),
    }
  }
}

/** The question of NGINX's auth_request for a small GET, with the headers of a browser's fetch. */
export function nginxQuestion(accessToken) {
  return [
    ['X-Original-Method', 'GET'],
    ['X-Original-URI', '/users/42?verbose=true'],
    ['Host', 'api.bench.example'],
    ['Accept', 'application/json'],
    ['Accept-Encoding', 'gzip, deflate, br'],
    ['Accept-Language', 'en-GB,en;q=0.9'],
    ['Cache-Control', 'no-cache'],
    ['Authorization', `Bearer ${accessToken}`],
    ['User-Agent', 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'],
    ['X-Request-ID', '4bf92f35-77b3-4da6-a3ce-929d0e0e4736'],
  ]
}
