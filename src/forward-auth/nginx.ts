/** NGINX's auth_request: the location that asks sets X-Original-Method, X-Original-URI and Host itself. */
import { foldForAuthRequest, type Dialect } from './dialect.js'

export const nginx: Dialect = {
  door: 'nginx',
  prefix: '/nginx',
  isTransparent: false,
  fields: { method: 'x-original-method', target: 'x-original-uri', host: 'host' },
  foldStatus: foldForAuthRequest,
  wantsNoBody: true,
}
