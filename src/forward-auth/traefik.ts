/** Traefik's ForwardAuth, which sets X-Forwarded-Method, -Uri and -Host itself as long as it trusts no forwarded ones. */
import { asItIs, type Dialect } from './dialect.js'

export const traefik: Dialect = {
  door: 'traefik',
  prefix: '/traefik',
  isTransparent: false,
  fields: { method: 'x-forwarded-method', target: 'x-forwarded-uri', host: 'x-forwarded-host' },
  foldStatus: asItIs,
}
