/**
 * Service accounts of the cluster that the gate runs in. The keys are at the API server, behind its own authority and a token.
 * Tokens that live in Secrets, of clusters before 1.24, have another issuer and no end, and are refused. A revoked token passes
 * until it expires; a default mount lives up to a year.
 */
import type { Preset } from '../preset.js'

/** Kubernetes service accounts. */
export const kubernetesSa: Preset = {
  keys: {
    jwksUri: 'https://kubernetes.default.svc/openid/v1/jwks',
    caFile: '/var/run/secrets/kubernetes.io/serviceaccount/ca.crt',
    bearerTokenFile: '/var/run/secrets/kubernetes.io/serviceaccount/token',
  },
  algorithms: ['RS256', 'ES256'],
  tokenTypes: 'lenient',
  claims: { scopes: [], permissions: [], roles: [], client: ['/kubernetes.io/serviceaccount/uid'] },
  require: { '/kubernetes.io/serviceaccount/name': { present: true } },
}
