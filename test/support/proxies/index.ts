/** Every kind of proxy that there is a file for under deploy/. */
import { caddy } from './caddy.js'
import { envoyGrpc } from './envoy-grpc.js'
import { envoyHttp } from './envoy-http.js'
import { haproxy } from './haproxy.js'
import { nginxKinds } from './nginx.js'
import type { ProxyKind } from './proxy.js'
import { traefik } from './traefik.js'

export const proxyKinds: readonly ProxyKind[] = [
  envoyGrpc,
  envoyHttp,
  ...nginxKinds(),
  traefik,
  caddy,
  haproxy,
]
