/** Where the keys of an issuer come from, out of its `keys`, and what is wrong with that. */
import { resolve } from 'node:path'
import {
  isFetchable,
  isKeyUrl,
  type IssuerKeyOptions,
  type JwsAlgorithm,
  type KeySource,
} from '../jwks/index.js'
import type { NamedIssuerInput } from './compile-template.js'
import type { IssuerInput } from './config-input.js'
import { sourceKeys, type FilledIssuer } from './fill-issuer.js'
import type { ConfigPath, Finding } from './problem.js'

/** The keys of an issuer as the key sets take them; adds to `findings` what is wrong. Does not look into files. */
export function compileKeySource(
  input: NamedIssuerInput,
  path: ConfigPath,
  directory: string,
  findings: Finding[],
): IssuerKeyOptions {
  const { keys } = input
  const at = [...path, 'keys']
  checkSources(input, at, findings)
  if (keys.maxStaleSeconds < keys.refreshSeconds) {
    findings.push({
      path: [...at, 'maxStaleSeconds'],
      message:
        'maxStaleSeconds is shorter than refreshSeconds: keys would expire between refreshes',
    })
  }
  const absolute = (file: string | undefined): string | undefined =>
    file === undefined ? undefined : resolve(directory, file)
  const source = keySource(input, path, directory, findings)
  checkCompanions(keys, source, at, findings)
  return {
    id: input.id,
    issuer: input.issuer,
    source,
    refreshMs: keys.refreshSeconds * 1_000,
    maxStaleMs: keys.maxStaleSeconds * 1_000,
    cooldownMs: keys.cooldownSeconds * 1_000,
    timeoutMs: keys.timeoutSeconds * 1_000,
    allowInsecure: keys.allowInsecure,
    caFile: absolute(keys.caFile),
    bearerTokenFile: absolute(keys.bearerTokenFile),
    trustAnchorsFile: absolute(keys.trustAnchorsFile),
    // Of keys that have a URL each nothing can be loaded before a token names one.
    ...(keys.load === 'first-use' || source.kind === 'keyUrl' ? { loadAtFirstUse: true } : {}),
  }
}

/** The algorithms of an issuer: HS256 goes with a secret and with nothing else. */
export function compileAlgorithms(
  { keys, algorithms }: FilledIssuer,
  path: ConfigPath,
  findings: Finding[],
): ReadonlySet<JwsAlgorithm> {
  if (keys.secretFile === undefined) {
    if (algorithms.includes('HS256')) {
      findings.push({
        path: [...path, 'algorithms'],
        message: 'HS256 is for a secret, and this issuer has public keys',
        hint: 'remove it, or give the secret as secretFile in keys',
      })
    }
    return new Set(algorithms)
  }
  if (algorithms.some((algorithm) => algorithm !== 'HS256')) {
    findings.push({
      path: [...path, 'algorithms'],
      message: 'an issuer with a secret has HS256 and no other algorithm',
      hint: 'algorithms: [HS256], or leave it out',
    })
  }
  return new Set(['HS256'])
}

function checkSources({ keys }: IssuerInput, at: ConfigPath, findings: Finding[]): void {
  const given = sourceKeys.filter((key) => keys[key] !== undefined)
  if (given.length > 1) {
    findings.push({
      path: at,
      message: `keys come from exactly one source, and ${given.join(' and ')} are given`,
      hint: `one of "discovery: true", ${sourceKeys.slice(1).join(', ')}`,
    })
  }
  const { pem } = keys
  if (pem !== undefined && (pem.file === undefined) === (pem.inline === undefined)) {
    findings.push({ path: [...at, 'pem'], message: 'pem has either file or inline' })
  }
}

function checkCompanions(
  keys: IssuerInput['keys'],
  { kind }: KeySource,
  at: ConfigPath,
  findings: Finding[],
): void {
  const isFetched = ['discovery', 'metadataUrl', 'jwksUri', 'x509Map', 'keyUrl'].includes(kind)
  for (const key of ['caFile', 'bearerTokenFile'] as const) {
    if (keys[key] === undefined || isFetched) continue
    findings.push({
      path: [...at, key],
      message: `${key} has no meaning for keys that are not fetched`,
    })
  }
  const isJwks = !['pem', 'pemFile', 'x509Map', 'secretFile', 'keyUrl'].includes(kind)
  if (keys.trustAnchorsFile !== undefined && !isJwks) {
    findings.push({
      path: [...at, 'trustAnchorsFile'],
      message: 'trustAnchorsFile has no meaning for keys that are no JWKS',
    })
  }
}

function keySource(
  { issuer, issuerTemplate, keys }: NamedIssuerInput,
  path: ConfigPath,
  directory: string,
  findings: Finding[],
): KeySource {
  if (keys.jwks !== undefined) return { kind: 'inline', jwks: keys.jwks }
  if (keys.jwksFile !== undefined) {
    return { kind: 'jwksFile', path: resolve(directory, keys.jwksFile) }
  }
  if (keys.secretFile !== undefined) {
    return { kind: 'secretFile', path: resolve(directory, keys.secretFile) }
  }
  if (keys.pem !== undefined) {
    const { file, inline = '', kid } = keys.pem
    return file === undefined
      ? { kind: 'pem', pem: inline, kid }
      : { kind: 'pemFile', path: resolve(directory, file), kid }
  }
  const checked = (url: string, at: ConfigPath, isIssuer: boolean): string => {
    if (!isFetchable(url, keys.allowInsecure)) {
      findings.push({ path: at, ...unfetchable(url, isIssuer) })
    }
    return url
  }
  if (keys.keyUrl !== undefined) {
    const at = [...path, 'keys', 'keyUrl']
    if (!isKeyUrl(keys.keyUrl)) {
      findings.push({
        path: at,
        message: 'keyUrl has not exactly one {kid}, in its path',
        hint: 'such as https://keys.example.com/{kid}: {kid} begins a segment of the path, and is nowhere else',
      })
      return { kind: 'keyUrl', url: keys.keyUrl }
    }
    return { kind: 'keyUrl', url: checked(keys.keyUrl, at, false) }
  }
  if (keys.x509Map !== undefined) {
    return { kind: 'x509Map', url: checked(keys.x509Map, [...path, 'keys', 'x509Map'], false) }
  }
  if (keys.jwksUri !== undefined) {
    return { kind: 'jwksUri', jwksUri: checked(keys.jwksUri, [...path, 'keys', 'jwksUri'], false) }
  }
  if (keys.metadataUrl !== undefined) {
    const url = checked(keys.metadataUrl, [...path, 'keys', 'metadataUrl'], false)
    return { kind: 'metadataUrl', url, issuer }
  }
  if (issuerTemplate !== undefined) {
    findings.push({
      path: [...path, 'issuerTemplate'],
      message: 'a template has no metadata of its own to find keys by',
      hint: 'keys: { metadataUrl: https://... }, the metadata that all its tenants share, or another source',
    })
    return { kind: 'discovery', issuer }
  }
  if (issuer === '') return { kind: 'discovery', issuer } // Without a name, which is said elsewhere.
  return { kind: 'discovery', issuer: checked(issuer, [...path, 'issuer'], true) }
}

/** Why keys cannot be fetched from a URL. Does not repeat a password that is in it. */
function unfetchable(url: string, isIssuer: boolean): { message: string; hint: string } {
  if (!URL.canParse(url)) {
    return {
      message: `"${url}" cannot be fetched: it is not an https URL`,
      hint: isIssuer
        ? 'keys of an issuer that is no URL come from jwksUri, jwksFile or jwks'
        : 'write the whole URL, from https:// on',
    }
  }
  const { username, password } = new URL(url)
  return username !== '' || password !== ''
    ? {
        message: 'a URL with a user name or a password in it cannot be fetched',
        hint: 'key sets are public: leave them out',
      }
    : {
        message: `"${url}" cannot be fetched: it is not an https URL`,
        hint: 'http is allowed to this machine, or with "allowInsecure: true" in keys',
      }
}
