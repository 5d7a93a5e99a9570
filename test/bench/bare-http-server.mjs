/** A process: the least that a node:http server can do, which is the yardstick of the HTTP doors: 200 and one header. */
import { createServer } from 'node:http'

const server = createServer((_request, response) => {
  response.writeHead(200, { 'x-auth-subject': 'auth0|5f7c8ec7c33c6c004bbafe82' }).end()
})
server.keepAliveTimeout = 3_660_000
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address()
  console.log(JSON.stringify({ msg: 'listening', http: `127.0.0.1:${String(port)}` }))
})
process.once('SIGTERM', () => {
  process.exit()
})
