/**
 * ingress-nginx's auth-url: the controller sets X-Original-Method, and X-Original-URL with the whole URL; its Host is
 * the gate's own name.
 */
import { foldForAuthRequest, type Dialect } from './dialect.js'

// The controller writes $scheme://$http_host$request_uri. NGINX lets no slash into a host, so the first one ends it.
const originalUrl = /^https?:\/\/([^/?#]+)(\/.*)$/

export const ingressNginx: Dialect = {
  door: 'ingress-nginx',
  prefix: '/ingress-nginx',
  isTransparent: false,
  fields: { method: 'x-original-method', target: 'x-original-url' },
  targetOf(url) {
    const [, host, target] = originalUrl.exec(url) ?? []
    return host === undefined || target === undefined ? undefined : { host, target }
  },
  foldStatus: foldForAuthRequest,
  wantsNoBody: true,
}
