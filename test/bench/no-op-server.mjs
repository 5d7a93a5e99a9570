/**
 * A process: the least that a grpc-js server can do, which is the yardstick. It passes bytes through, looks at
 * nothing, and answers every call with the bytes of a file, which are an answer of the gate itself.
 * Its options are the gate's own, so that they make no difference. Argument: the file.
 */
import { readFileSync } from 'node:fs'
import { Server, ServerCredentials } from '@grpc/grpc-js'
import { callPath } from './check-call.mjs'

const answer = readFileSync(process.argv[2])
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
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error
  console.log(JSON.stringify({ msg: 'listening', grpc: `127.0.0.1:${String(port)}` }))
})
process.once('SIGTERM', () => {
  process.exit()
})
