/** The addresses and files of the doors: what only shows when they are looked at together. */
import { isIP } from 'node:net'
import { resolve } from 'node:path'
import type { ListenInput, TlsInput } from './config-input.js'
import type { Finding } from './problem.js'

/** The settings with absolute files; adds to `findings` what is wrong with them. */
export function compileListen(
  listen: ListenInput,
  directory: string,
  findings: Finding[],
): ListenInput {
  const { grpc, http, admin } = listen
  if (http !== undefined) checkTrustedProxies(http, findings)
  checkAddresses(listen, findings)
  return {
    grpc: { ...grpc, ...absoluteFiles(grpc.tls, directory) },
    ...(http === undefined ? {} : { http: { ...http, ...absoluteFiles(http.tls, directory) } }),
    admin,
  }
}

function checkTrustedProxies(http: NonNullable<ListenInput['http']>, findings: Finding[]): void {
  const path = ['listen', 'http', 'trustedProxies']
  const hint = 'name the addresses or networks of the proxies: trustedProxies: [10.0.4.0/24]'
  const isUnixSocket = http.address.startsWith('unix:')
  if (http.trustedProxies === undefined && !isUnixSocket) {
    const message = 'is missing: whoever reaches the port could ask about any request'
    findings.push({ path: path.slice(0, 2), message: `trustedProxies ${message}`, hint })
  }
  if (http.trustedProxies !== undefined && isUnixSocket) {
    const message = 'has no meaning for a unix socket, whose peers have no address'
    findings.push({ path, message, hint: 'remove it; the permissions of the socket file decide' })
  }
  for (const [index, network] of (http.trustedProxies ?? []).entries()) {
    const message = networkFault(network)
    if (message !== undefined) findings.push({ path: [...path, index], message, hint })
  }
}

function networkFault(network: string): string | undefined {
  const [address = '', bits, ...more] = network.split('/')
  const family = isIP(address)
  const isBits = bits === undefined || /^(?:0|[1-9]\d{0,2})$/.test(bits)
  if (family === 0 || !isBits || more.length > 0 || Number(bits ?? 0) > (family === 4 ? 32 : 128)) {
    return `"${network}" is no IP address and no network such as 10.0.0.0/8`
  }
  return bits === '0' ? `"${network}" is everybody` : undefined
}

function checkAddresses(listen: ListenInput, findings: Finding[]): void {
  const doors = (['grpc', 'http', 'admin'] as const).flatMap((door) => {
    const address = listen[door]?.address
    return address === undefined || address.endsWith(':0') ? [] : [{ door, address }]
  })
  const seen = new Map<string, string>()
  for (const { door, address } of doors) {
    const other = seen.get(address)
    if (other === undefined) seen.set(address, door)
    else {
      findings.push({
        path: ['listen', door, 'address'],
        message: `"${address}" is the address of listen.${other} too`,
      })
    }
  }
}

function absoluteFiles(tls: TlsInput | undefined, directory: string): { tls?: TlsInput } {
  if (tls === undefined) return {}
  const { certFile, keyFile, clientCaFile } = tls
  return {
    tls: {
      certFile: resolve(directory, certFile),
      keyFile: resolve(directory, keyFile),
      ...(clientCaFile === undefined ? {} : { clientCaFile: resolve(directory, clientCaFile) }),
    },
  }
}
