/** What proto-loader's full decode of a CheckRequest says about the fields that a decision is made from. */
import {
  decodeCheckRequest,
  type DecodedCheckRequest,
} from '../../src/envoy/decode-check-request.js'
import { checkMethod as method } from './check-method.js'

interface FullHttp {
  method: string
  path: string
  host: string
  headers: Record<string, string>
  header_map: { headers: { key: string; value: string; raw_value: Buffer }[] } | null
}

interface FullCheckRequest {
  attributes: {
    request: { http: FullHttp | null } | null
    context_extensions: Record<string, string>
  } | null
}

/** What was decoded, with the credential as text. */
export interface TextOfCheckRequest extends Omit<DecodedCheckRequest, 'authorization'> {
  authorization: string | undefined
}

/** What the gate decodes, as text. */
export function decodeToText(bytes: Uint8Array): TextOfCheckRequest {
  const { authorization: octets, ...rest } = decodeCheckRequest(bytes)
  return { ...rest, authorization: octets && Buffer.from(octets).toString() }
}

/** Decodes everything and takes the few fields. Throws on bytes that are no CheckRequest. */
export function fullDecode(bytes: Uint8Array): TextOfCheckRequest {
  const { attributes } = method.requestDeserialize(Buffer.from(bytes)) as FullCheckRequest
  const http = attributes?.request?.http
  const extensions = attributes?.context_extensions ?? {}
  return {
    hasHttp: http !== undefined && http !== null,
    method: http?.method ?? '',
    path: http?.path ?? '',
    host: http?.host ?? '',
    authorization: header(http, 'authorization'),
    accept: header(http, 'accept'),
    contentType: header(http, 'content-type'),
    requestId: header(http, 'x-request-id'),
    rawPath: rawPath(http),
    resource: extensions['scopegate.resource'],
    route: extensions['scopegate.route'],
  }
}

function header(http: FullHttp | null | undefined, name: string): string | undefined {
  if (http === undefined || http === null) return undefined
  const single = Object.hasOwn(http.headers, name) ? [http.headers[name] ?? ''] : []
  const mapped = (http.header_map?.headers ?? [])
    .filter(({ key }) => key === name)
    .map(({ value, raw_value: raw }) => (raw.length > 0 ? raw.toString('utf8') : value))
  const values = [...single, ...mapped]
  return values.length === 0 ? undefined : values.join(',')
}

function rawPath(http: FullHttp | null | undefined): string | undefined {
  const values = (http?.header_map?.headers ?? [])
    .filter(({ key, raw_value: raw }) => key === ':path' && raw.length > 0)
    .map(({ raw_value: raw }) => raw.toString('utf8'))
  return values.length === 0 ? undefined : values.join(',')
}
