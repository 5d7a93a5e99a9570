/** Every dialect there is. */
import { caddy } from './caddy.js'
import type { Dialect } from './dialect.js'
import { envoyHttp } from './envoy-http.js'
import { haproxy } from './haproxy.js'
import { ingressNginx } from './ingress-nginx.js'
import { nginx } from './nginx.js'
import { traefik } from './traefik.js'

/** All dialects; `defersUnavailable` is about Envoy's, see there. */
export function dialects(options: { readonly defersUnavailable: boolean }): readonly Dialect[] {
  return [envoyHttp(options.defersUnavailable), nginx, ingressNginx, traefik, caddy, haproxy]
}
