/** The demo's API: it answers every request with what it got, so that one sees what Envoy and Scopegate made of it. */
import { createServer } from 'node:http'

/** Starts the upstream. Its answer shows only the start of an Authorization header. */
export async function startUpstream(port) {
  const server = createServer((request, response) => {
    const { authorization, ...headers } = request.headers
    const seen = {
      method: request.method,
      path: request.url,
      headers: {
        ...headers,
        ...(authorization === undefined ? {} : { authorization: `${authorization.slice(0, 16)}…` }),
      },
    }
    request.resume()
    response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' })
    response.end(`${JSON.stringify(seen, null, 2)}\n`)
  })
  await new Promise((settle, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', settle)
  })
  return {
    stop() {
      server.closeAllConnections()
      server.close()
    },
  }
}
