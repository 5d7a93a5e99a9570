/** The address of a `*_pass`: what it asks, and the path that it asks for instead of the client's. */
import { plainValue } from './nginx-scope.js'
import type { Directive } from './nginx-parser.js'

/** Host, or name of an upstream block, and the path, if one is given. */
export interface PassTarget {
  readonly host: string
  readonly path: string | undefined
}

/** The target of a directive; only proxy_pass can have a path. */
export function passTarget({ name, args }: Directive): PassTarget {
  const address = plainValue(args[0] ?? '').replace(/^\w+:\/\//, '')
  if (name !== 'proxy_pass') return { host: address, path: undefined }
  if (address.startsWith('unix:')) {
    const end = address.indexOf(':', 'unix:'.length)
    return end < 0
      ? { host: address, path: undefined }
      : { host: address.slice(0, end), path: address.slice(end + 1) }
  }
  const [host = ''] = address.split(/\/|\$(?:request_uri|uri|document_uri|is_args)\b/, 1)
  const path = address.slice(host.length)
  return { host, path: path === '' ? undefined : path }
}
