/**
 * The note that an AWS Application Load Balancer signs about a user who logged in: `x-amzn-oidc-data`, which the proxy has to put
 * into Authorization. It is no token of the issuer that it names. The load balancer is named in the header, as `signer`; all
 * load balancers of a region, of all customers, have their keys in one place, so that without it anybody could sign. That the payload
 * has `exp` and `iss` too is unverified: a note that somebody published has both, and one without them is refused.
 */
import type { Preset } from '../preset.js'

/** Notes of an AWS Application Load Balancer about its users. */
export const awsAlb: Preset = {
  algorithms: ['ES256'],
  tokenTypes: 'lenient',
  claims: { scopes: [], permissions: [], roles: [], client: [] },
  audience: 'optional',
  padding: 'tolerate',
  needs: [
    {
      oneOf: ['requireHeaders.signer'],
      why: 'every load balancer of the region, also of others, could sign for your users',
    },
    {
      oneOf: ['keys.keyUrl'],
      why: 'the keys are where the load balancer has its own, https://public-keys.auth.elb.REGION.amazonaws.com/{kid}',
    },
  ],
}
