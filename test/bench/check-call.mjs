/**
 * The Check call as Envoy 1.40 makes it for a small GET: a CheckRequest with addresses, time and fifteen headers,
 * encoded with Envoy's own protocol files (not with our subset of them), and the metadata it sends around it.
 */
import { dirname, join } from 'node:path'
import { createRequire } from 'node:module'
import { Client, credentials } from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'

const upstream = join(
  dirname(createRequire(import.meta.url).resolve('@grpc/grpc-js-xds/package.json')),
  'deps',
)
const { Check } = loadSync('envoy/service/auth/v3/external_auth.proto', {
  includeDirs: ['envoy-api', 'xds', 'googleapis', 'protoc-gen-validate'].map((directory) =>
    join(upstream, directory),
  ),
  keepCase: true,
  oneofs: true,
})['envoy.service.auth.v3.Authorization']

/** HTTP/2 fields of every call beside the pseudo headers. The time-out is longer than Envoy's 200 ms so that a busy machine fails no call. */
export const callHeaders = {
  'content-type': 'application/grpc',
  te: 'trailers',
  'grpc-timeout': '20000m',
  'x-envoy-internal': 'true',
}
export const callPath = Check.path

/** The bytes of a CheckRequest; without a token it has no Authorization header, and fourteen fields. */
export function encodeCheckRequest(accessToken) {
  const headers = {
    ':authority': 'api.bench.example',
    ':method': 'GET',
    ':path': '/users/42?verbose=true',
    ':scheme': 'https',
    accept: 'application/json',
    'accept-encoding': 'gzip, deflate, br',
    'accept-language': 'en-GB,en;q=0.9',
    ...(accessToken === undefined ? {} : { authorization: `Bearer ${accessToken}` }),
    'cache-control': 'no-cache',
    traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
    'x-envoy-expected-rq-timeout-ms': '15000',
    'x-forwarded-for': '203.0.113.7',
    'x-forwarded-proto': 'https',
    'x-request-id': 'f3c1a1de-7b1e-9b0e-8c55-0a2d6f0d9c11',
  }
  return Check.requestSerialize({
    attributes: {
      source: { address: { socket_address: { address: '203.0.113.7', port_value: 51_544 } } },
      destination: { address: { socket_address: { address: '10.1.2.3', port_value: 8_443 } } },
      request: {
        time: { seconds: 1_795_000_000, nanos: 123_456_000 },
        http: {
          id: '9241735508817393125',
          method: 'GET',
          headers,
          path: '/users/42?verbose=true',
          host: 'api.bench.example',
          scheme: 'https',
          protocol: 'HTTP/2',
        },
      },
      metadata_context: {},
      route_metadata_context: {},
    },
  })
}

/** A gRPC frame: not compressed, length, message. */
export function frame(message) {
  const prefix = Buffer.alloc(5)
  prefix.writeUInt32BE(message.length, 1)
  return Buffer.concat([prefix, message])
}

/**
 * Makes one call by grpc-js, with TLS when the certificate to be trusted is given, which is for `localhost`. Resolves to the bytes of the answer and
 * whether they allow; rejects on an RPC error.
 */
export async function callOnce(address, request, caCertificate) {
  const isTls = caCertificate !== undefined
  const client = new Client(
    address,
    isTls ? credentials.createSsl(caCertificate) : credentials.createInsecure(),
    isTls ? { 'grpc.ssl_target_name_override': 'localhost' } : {},
  )
  const same = (bytes) => bytes
  try {
    const bytes = await new Promise((resolve, reject) => {
      client.makeUnaryRequest(callPath, same, same, request, (error, answer) => {
        if (error === null) resolve(answer)
        else reject(error)
      })
    })
    const {
      status,
      http_response: kind,
      ok_response,
      denied_response,
    } = Check.responseDeserialize(bytes)
    const isAllow = kind === 'ok_response' && ok_response !== null && (status?.code ?? 0) === 0
    return { bytes, isAllow, httpStatus: denied_response?.status?.code }
  } finally {
    client.close()
  }
}
