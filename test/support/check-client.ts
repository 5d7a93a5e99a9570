/** A gRPC client as a proxy is one: sends CheckRequests, gives back what matters of the answer. */
import { Client, credentials, type ChannelCredentials } from '@grpc/grpc-js'
import { checkMethod as method } from './check-method.js'

/** What a proxy tells about a request; everything but the essentials can be left out. */
export interface HttpAttributes {
  readonly method?: string
  readonly path?: string
  readonly host?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Sends header_map instead of headers, as encode_raw_headers does. */
  readonly headerMap?: readonly (readonly [string, string])[]
  readonly contextExtensions?: Readonly<Record<string, string>>
}

/** An answer of the gate. */
export interface CheckAnswer {
  readonly code: number
  readonly kind: 'ok' | 'denied' | 'error' | 'none'
  /** HTTP status of a refusal; undefined for an allow. */
  readonly status: number | undefined
  /** Headers for the upstream of an allow, for the client of a refusal; every value of a name. */
  readonly headers: Readonly<Record<string, readonly string[]>>
  readonly headersToRemove: readonly string[]
  readonly body: string
  readonly metadata: Readonly<Record<string, string>>
  /** The decoded message, for what is not above. */
  readonly raw: RawCheckResponse
}

interface RawHeader {
  header: { key: string; value: string }
  append: { value: boolean } | null
  append_action: number
}
interface RawDenied {
  status: { code: number } | null
  headers: RawHeader[]
  body: string
}
export interface RawCheckResponse {
  status: { code: number } | null
  ok_response?: { headers: RawHeader[]; headers_to_remove: string[] } | null
  denied_response?: RawDenied | null
  error_response?: RawDenied | null
  dynamic_metadata: { fields: Record<string, { stringValue: string }> } | null
}

export interface CheckClient {
  /** Asks about one request. Rejects on an RPC error, which a gate must never cause. */
  check(attributes: HttpAttributes, deadlineMs?: number): Promise<CheckAnswer>
  /** Sends any bytes in place of a CheckRequest. */
  checkBytes(bytes: Uint8Array, deadlineMs?: number): Promise<CheckAnswer>
  close(): void
}

/** The CheckRequest message that a proxy would send. */
export function checkRequestMessage(attributes: HttpAttributes): object {
  const { method: verb = 'GET', path = '/', host = 'api.example.com' } = attributes
  const { headers = {}, headerMap, contextExtensions = {} } = attributes
  const http =
    headerMap === undefined
      ? { headers }
      : {
          header_map: {
            headers: headerMap.map(([key, value]) => ({ key, raw_value: Buffer.from(value) })),
          },
        }
  return {
    attributes: {
      request: {
        http: { id: '1', method: verb, path, host, scheme: 'https', protocol: 'HTTP/2', ...http },
      },
      context_extensions: contextExtensions,
    },
  }
}

export function encodeCheckRequest(message: object): Buffer {
  return method.requestSerialize(message)
}

export function decodeCheckResponse(bytes: Buffer): CheckAnswer {
  const raw = method.responseDeserialize(bytes) as RawCheckResponse
  const { ok_response: ok, denied_response: denied, error_response: error } = raw
  const refused = denied ?? error
  return {
    code: raw.status?.code ?? 0,
    kind: kindOf(raw),
    status: refused?.status?.code,
    headers: valuesByName(ok?.headers ?? refused?.headers ?? []),
    headersToRemove: ok?.headers_to_remove ?? [],
    body: refused?.body ?? '',
    metadata: metadataOf(raw),
    raw,
  }
}

function metadataOf({ dynamic_metadata: metadata }: RawCheckResponse): Record<string, string> {
  const fields = Object.entries(metadata?.fields ?? {})
  return Object.fromEntries(fields.map(([name, value]) => [name, value.stringValue]))
}

function kindOf(raw: RawCheckResponse): CheckAnswer['kind'] {
  if (raw.ok_response) return 'ok'
  if (raw.denied_response) return 'denied'
  return raw.error_response ? 'error' : 'none'
}

function valuesByName(options: readonly RawHeader[]): Record<string, string[]> {
  const headers: Record<string, string[]> = {}
  for (const { header } of options) {
    headers[header.key] = [...(headers[header.key] ?? []), header.value]
  }
  return headers
}

export function createCheckClient(
  address: string,
  channel: ChannelCredentials = credentials.createInsecure(),
): CheckClient {
  const client = new Client(address, channel, { 'grpc.use_local_subchannel_pool': 1 })
  const checkBytes = async (bytes: Uint8Array, deadlineMs = 10_000): Promise<CheckAnswer> =>
    await new Promise((resolve, reject) => {
      client.makeUnaryRequest(
        method.path,
        (message: Buffer) => message,
        (message: Buffer) => message,
        Buffer.from(bytes),
        { deadline: Date.now() + deadlineMs },
        (error, response) => {
          if (error !== null) reject(error)
          else if (response === undefined) reject(new Error('no response'))
          else resolve(decodeCheckResponse(response))
        },
      )
    })
  return {
    check: async (attributes, deadlineMs) =>
      await checkBytes(encodeCheckRequest(checkRequestMessage(attributes)), deadlineMs),
    checkBytes,
    close: () => {
      client.close()
    },
  }
}
