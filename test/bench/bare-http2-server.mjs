/**
 * A process: the least that node:http2 can do for a Check call, which a gate on node:http2 cannot get below. Reads the request,
 * looks at nothing of it, and answers with the bytes of a file, in the fields that gRPC needs. Argument: the file.
 */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http2'
import { frame } from './check-call.mjs'

const answer = frame(readFileSync(process.argv[2]))
const headers = { ':status': 200, 'content-type': 'application/grpc+proto' }
const trailers = { 'grpc-status': 0, 'grpc-message': 'OK' }
const withTrailers = { waitForTrailers: true }

const server = createServer()
server.on('stream', (stream) => {
  stream.on('error', () => undefined)
  stream.on('end', () => {
    stream.on('wantTrailers', sendTrailers)
    stream.respond(headers, withTrailers)
    stream.end(answer)
  })
  stream.resume()
})
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address()
  console.log(JSON.stringify({ msg: 'listening', grpc: `127.0.0.1:${String(port)}` }))
})
process.once('SIGTERM', () => {
  process.exit()
})

function sendTrailers() {
  this.sendTrailers(trailers)
}
