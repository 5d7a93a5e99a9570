/** Caddy's forward_auth, which sets X-Forwarded-Method, -Uri and -Host itself. */
import { asItIs, type Dialect } from './dialect.js'

export const caddy: Dialect = {
  door: 'caddy',
  prefix: '/caddy',
  isTransparent: false,
  fields: { method: 'x-forwarded-method', target: 'x-forwarded-uri', host: 'x-forwarded-host' },
  foldStatus: asItIs,
}
