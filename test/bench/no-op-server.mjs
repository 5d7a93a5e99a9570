/**
 * A process: the least that a grpc-js server can do, which is the yardstick. It passes bytes through, looks at
 * nothing, and answers every call with the bytes of a file, which are an answer of the gate itself.
 * Its options are the gate's own, so that they make no difference. Arguments: the file, the address to listen on, and
 * for TLS the files of certificate and key.
 */
import { readFileSync } from 'node:fs'
import { Server, ServerCredentials } from '@grpc/grpc-js'
import { callPath } from './check-call.mjs'

const [answerFile, address, ...tls] = process.argv.slice(2)
const answer = readFileSync(answerFile)
const same = (bytes) => bytes
const server = new Server({
  'grpc.max_receive_message_length': 16_777_216,
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.max_connection_age_ms': 1_800_000,
  'grpc.max_connection_age_grace_ms': 30_000,
  'grpc.max_connection_idle_ms': 900_000,
  'grpc.enable_channelz': 0,
})
server.addService(
  {
    Check: {
      path: callPath,
      requestStream: false,
      responseStream: false,
      requestDeserialize: same,
      requestSerialize: same,
      responseDeserialize: same,
      responseSerialize: same,
    },
  },
  {
    Check: (_call, callback) => {
      callback(null, answer)
    },
  },
)
const [cert_chain, private_key] = tls.map((file) => readFileSync(file))
const credentials =
  cert_chain === undefined
    ? ServerCredentials.createInsecure()
    : ServerCredentials.createSsl(null, [{ cert_chain, private_key }])
server.bindAsync(address, credentials, (error, port) => {
  if (error !== null) throw error
  const grpc = address.startsWith('unix:') ? address : `127.0.0.1:${String(port)}`
  console.log(JSON.stringify({ msg: 'listening', grpc }))
})
process.once('SIGTERM', () => {
  process.exit()
})
