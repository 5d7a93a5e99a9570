/** The addresses and files of the doors: what only shows when they are looked at together. */
import { resolve } from 'node:path'
import type { ListenInput, TlsInput } from './config-input.js'
import { networkFault } from './network.js'
import type { Finding } from './problem.js'
import { usualGrpc } from './schema-listen.js'

/**
 * The settings with absolute files; adds to `findings` what is wrong with them. Who names no door at all gets the gRPC
 * door; who opens HTTP doors and says nothing of gRPC does not want everybody to be able to ask there.
 */
export function compileListen(
  listen: ListenInput,
  directory: string,
  findings: Finding[],
): ListenInput {
  const { http, admin } = listen
  const grpc = listen.grpc ?? (http === undefined ? usualGrpc() : undefined)
  if (http !== undefined) checkTrustedProxies(http, findings)
  checkAddresses({ grpc, http, admin }, findings)
  return {
    ...(grpc === undefined ? {} : { grpc: { ...grpc, ...absoluteFiles(grpc.tls, directory) } }),
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
    const message = 'trustedProxies has no meaning for a unix socket, whose peers have no address'
    findings.push({ path, message, hint: 'remove it; the permissions of the socket file decide' })
  }
  for (const [index, network] of (http.trustedProxies ?? []).entries()) {
    const message = networkFault(network)
    if (message !== undefined) findings.push({ path: [...path, index], message, hint })
  }
}

function checkAddresses(listen: ListenInput, findings: Finding[]): void {
  const doors = (['grpc', 'http', 'admin'] as const).flatMap((door) => {
    const address = listen[door]?.address
    return address === undefined || address.endsWith(':0') ? [] : [{ door, address }]
  })
  for (const [index, { door, address }] of doors.entries()) {
    const other = doors.slice(0, index).find((before) => isTaken(address, before.address))
    if (other === undefined) continue
    findings.push({
      path: ['listen', door, 'address'],
      message: `listen.${door} cannot have ${address}: listen.${other.door} has ${other.address}`,
      hint: 'every door needs a port of its own; what is not given has its default',
    })
  }
}

/** Whether two addresses cannot be bound together: the same, or one of them every address of the port. */
function isTaken(one: string, other: string): boolean {
  if (one === other) return true
  const [host, port] = splitAddress(one)
  const [otherHost, otherPort] = splitAddress(other)
  if (one.startsWith('unix:') || other.startsWith('unix:') || port !== otherPort) return false
  return [host, otherHost].some((name) => name === '0.0.0.0' || name === '[::]')
}

function splitAddress(address: string): readonly [host: string, port: string] {
  const colon = address.lastIndexOf(':')
  return [address.slice(0, colon), address.slice(colon + 1)]
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
