/** The question that a proxy asks at an HTTP door, as bytes. */
import type { Door } from '../../src/check/index.js'
import type { HttpAttributes } from './check-client.js'

/** The HTTP doors that belong to a kind of proxy. */
export const httpDoors = [
  'envoy-http',
  'nginx',
  'ingress-nginx',
  'traefik',
  'caddy',
  'haproxy',
] as const satisfies readonly Door[]

export type HttpDoor = (typeof httpDoors)[number]

/** The bytes by which a proxy of this kind asks about a request. */
export function httpQuestion(door: HttpDoor, attributes: HttpAttributes): string {
  const { method = 'GET', path = '/', host = 'api.example.com', headers = {} } = attributes
  const client = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  const [line, ...contract] = contractLines(door, method, path, host)
  return `${[line, ...contract, ...client].join('\r\n')}\r\n\r\n`
}

/** The request line and the header lines by which a proxy tells the original request. */
export function contractLines(
  door: HttpDoor,
  method: string,
  path: string,
  host: string,
): readonly [line: string, ...headers: string[]] {
  switch (door) {
    case 'envoy-http':
      return [`${method} /envoy${path} HTTP/1.1`, `host: ${host}`]
    case 'nginx':
      return [
        'GET /nginx HTTP/1.1',
        `X-Original-Method: ${method}`,
        `X-Original-URI: ${path}`,
        `Host: ${host}`,
      ]
    case 'ingress-nginx':
      return [
        'GET /ingress-nginx HTTP/1.1',
        'Host: scopegate',
        `X-Original-URL: https://${host}${path}`,
        `X-Original-Method: ${method}`,
      ]
    case 'traefik':
    case 'caddy':
      return [
        `GET /${door} HTTP/1.1`,
        'Host: scopegate',
        `X-Forwarded-Method: ${method}`,
        `X-Forwarded-Uri: ${path}`,
        `X-Forwarded-Host: ${host}`,
      ]
    case 'haproxy':
      return [
        'GET /haproxy HTTP/1.1',
        'Host: scopegate',
        `X-Scopegate-Method: ${method}`,
        `X-Scopegate-Target: ${path}`,
        `X-Scopegate-Host: ${host}`,
      ]
  }
}
