/** Where revocations come from: what only shows when the settings are looked at together. */
import { resolve } from 'node:path'
import type { RevocationOptions } from '../revocation/index.js'
import type { RevocationInput } from './config-input.js'
import type { Finding } from './problem.js'

/** Claims by which a token can be revoked, beside the client's, which its issuer's pointers name. */
export const revocationClaims: readonly string[] = ['jti', 'sid', 'iat']

const defaultMaxAwaySeconds = 10

/** The settings with absolute files; adds to `findings` what is wrong with them. Reads no file. */
export function compileRevocation(
  input: RevocationInput | undefined,
  directory: string,
  findings: Finding[],
): RevocationOptions | undefined {
  if (input === undefined) return undefined
  const { file, adminTokenFile, redis, onStoreLoss, maxAwaySeconds, maxEntries } = input
  const add = (keys: readonly string[], message: string, hint: string): void => {
    findings.push({ path: ['revocation', ...keys], message, hint })
  }
  if (file === undefined && adminTokenFile === undefined && redis === undefined) {
    findings.push({
      path: ['revocation'],
      message: 'revocation has no source, so that nothing could ever be revoked',
      hint: 'give it a file, an adminTokenFile or redis',
    })
  }
  if (redis === undefined && onStoreLoss !== undefined) {
    findings.push({
      path: ['revocation', 'onStoreLoss'],
      message: 'onStoreLoss has no meaning without redis',
    })
  }
  if (maxAwaySeconds !== undefined && onStoreLoss !== 'deny') {
    findings.push({
      path: ['revocation', 'maxAwaySeconds'],
      message: 'maxAwaySeconds has no meaning without "onStoreLoss: deny"',
      hint: 'with "serve" the last known list serves for as long as it takes',
    })
  }
  if (redis !== undefined) checkUrl(redis, add)
  const absolute = (name: string | undefined): string | undefined =>
    name === undefined ? undefined : resolve(directory, name)
  return {
    file: absolute(file),
    adminTokenFile: absolute(adminTokenFile),
    redis: redis && {
      url: redis.url,
      passwordFile: absolute(redis.passwordFile),
      caFile: absolute(redis.caFile),
      keyPrefix: redis.keyPrefix,
    },
    onStoreLoss: onStoreLoss ?? 'serve',
    maxAwayMs: (maxAwaySeconds ?? defaultMaxAwaySeconds) * 1_000,
    maxEntries,
  }
}

/** Does not repeat a password that is in the URL. */
function checkUrl(
  { url, caFile }: NonNullable<RevocationInput['redis']>,
  add: (keys: readonly string[], message: string, hint: string) => void,
): void {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (parsed !== undefined && parsed.password !== '') {
    const finding = {
      message: 'a URL with a password in it would put the password where the configuration goes',
      hint: 'write the password into a file and name it in passwordFile; the user may stay',
    }
    add(['redis', 'url'], finding.message, finding.hint)
    return
  }
  const isRedis =
    parsed !== undefined &&
    /^rediss?:$/.test(parsed.protocol) &&
    parsed.hostname !== '' &&
    /^(?:\/\d{0,4})?$/.test(parsed.pathname) &&
    parsed.search === '' &&
    parsed.hash === ''
  if (!isRedis) {
    const finding = {
      message: `"${url}" is not the URL of a Redis or Valkey server`,
      hint: 'such as rediss://user@redis.example.com:6379/0; rediss is with TLS',
    }
    add(['redis', 'url'], finding.message, finding.hint)
  } else if (caFile !== undefined && parsed.protocol !== 'rediss:') {
    const finding = {
      message: 'caFile has no meaning without TLS',
      hint: 'write rediss:// in url',
    }
    add(['redis', 'caFile'], finding.message, finding.hint)
  }
}
