/**
 * The presets by name, a file each. ADR 0022 says why they are data; docs/identity-providers.md how they are used, and
 * test/vectors/presets has the tokens that each takes and refuses.
 */
import type { PresetName } from './config-input.js'
import type { Preset } from './preset.js'
import { auth0 } from './presets/auth0.js'
import { auth0Rfc9068 } from './presets/auth0-rfc9068.js'
import { authentik } from './presets/authentik.js'
import { awsAlb } from './presets/aws-alb.js'
import { clerk } from './presets/clerk.js'
import { cloudflareAccess } from './presets/cloudflare-access.js'
import { cognito } from './presets/cognito.js'
import { descope } from './presets/descope.js'
import { duende } from './presets/duende.js'
import { entraMultitenant } from './presets/entra-multitenant.js'
import { entraV1 } from './presets/entra-v1.js'
import { entraV2 } from './presets/entra-v2.js'
import { firebase } from './presets/firebase.js'
import { fusionauth } from './presets/fusionauth.js'
import { genericLenient } from './presets/generic-lenient.js'
import { genericRfc9068 } from './presets/generic-rfc9068.js'
import { githubActions } from './presets/github-actions.js'
import { gitlabCi } from './presets/gitlab-ci.js'
import { googleIdtoken } from './presets/google-idtoken.js'
import { hydra } from './presets/hydra.js'
import { keycloak } from './presets/keycloak.js'
import { kubernetesSa } from './presets/kubernetes-sa.js'
import { logto } from './presets/logto.js'
import { okta } from './presets/okta.js'
import { pingone } from './presets/pingone.js'
import { spiffeJwtSvid } from './presets/spiffe-jwt-svid.js'
import { stytch } from './presets/stytch.js'
import { supabase } from './presets/supabase.js'
import { workos } from './presets/workos.js'
import { zitadel } from './presets/zitadel.js'

/** Every preset. */
export const presets: Readonly<Record<PresetName, Preset>> = {
  'generic-rfc9068': genericRfc9068,
  'generic-lenient': genericLenient,
  auth0,
  'auth0-rfc9068': auth0Rfc9068,
  authentik,
  'aws-alb': awsAlb,
  clerk,
  'cloudflare-access': cloudflareAccess,
  cognito,
  descope,
  duende,
  'entra-multitenant': entraMultitenant,
  'entra-v1': entraV1,
  'entra-v2': entraV2,
  firebase,
  fusionauth,
  'github-actions': githubActions,
  'gitlab-ci': gitlabCi,
  'google-idtoken': googleIdtoken,
  hydra,
  keycloak,
  'kubernetes-sa': kubernetesSa,
  logto,
  okta,
  pingone,
  'spiffe-jwt-svid': spiffeJwtSvid,
  stytch,
  supabase,
  workos,
  zitadel,
}

/** Names of the presets. */
export const presetNames: readonly [PresetName, ...PresetName[]] = Object.keys(presets) as [
  PresetName,
  ...PresetName[],
]
