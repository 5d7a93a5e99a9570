/** Templates of issuers: nothing but the tenant may differ, and it has to be the one that the token says to be of. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { noTokenRules } from '../../../src/token/index.js'
import { TrustedIssuers } from '../../../src/token/trusted-issuers.js'
import type { IssuerTemplate, TrustedIssuer } from '../../../src/token/index.js'

const tenant = '11111111-aaaa-4111-8111-111111111111'
const otherTenant = '22222222-bbbb-4222-8222-222222222222'
const prefix = 'https://login.example.com/'
const good = `${prefix}${tenant}/v2.0`

function trusted(id: string, changes: Partial<IssuerTemplate> = {}) {
  const template: IssuerTemplate = {
    prefix,
    suffix: '/v2.0',
    tenantForm: /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
    boundClaim: ({ tid }) => tid,
    allowedTenants: undefined,
    ...changes,
  }
  return { ...plain(id, `${template.prefix}{tenantid}${template.suffix}`), template }
}

function plain(id: string, issuer: string) {
  return {
    id,
    issuer,
    algorithms: new Set(['ES256'] as const),
    tokenTypes: ['at+jwt'],
    clockToleranceMs: 0,
  }
}

function found(
  iss: unknown,
  tid: unknown = tenant,
  issuers: readonly TrustedIssuer[] = [trusted('entra')],
): string {
  const search = new TrustedIssuers(issuers).find({ iss, tid })
  return search.kind === 'trusted' ? search.issuer.id : search.reason
}

describe('an issuer template', () => {
  it('is filled in by the tenant that the token says', () => {
    const search = new TrustedIssuers([trusted('entra')]).find({ iss: good, tid: tenant })
    expect(search).toMatchObject({ kind: 'trusted', tenantIssuer: good, issuer: { id: 'entra' } })
  })

  it.each([
    ['its own text', `${prefix}{tenantid}/v2.0`],
    ['an empty tenant', `${prefix}/v2.0`],
    ['a tenant that is no GUID', `${prefix}common/v2.0`],
    ['a tenant in upper case', `${prefix}${tenant.toUpperCase()}/v2.0`],
    ['dots', `${prefix}../v2.0`],
    ['dots before the tenant', `${prefix}../${tenant}/v2.0`],
    ['an encoded tenant', `${prefix}%31${tenant.slice(1)}/v2.0`],
    ['an encoded slash', `${prefix}${tenant}%2Fv2.0`],
    ['a slash more in front', `${prefix}/${tenant}/v2.0`],
    ['a slash more within', `${prefix}${tenant}//v2.0`],
    ['a slash at the end', `${good}/`],
    ['a segment more', `${prefix}${otherTenant}/${tenant}/v2.0`],
    ['a segment less', `${prefix}${tenant}`],
    ['another version', `${prefix}${tenant}/v2.1`],
    ['another host', `https://login.example.com.evil.example/${tenant}/v2.0`],
    ['a user before the host', `https://login.example.com@evil.example/${tenant}/v2.0`],
    ['a host in upper case', `https://LOGIN.example.com/${tenant}/v2.0`],
    ['the port written out', `https://login.example.com:443/${tenant}/v2.0`],
    ['another scheme', `http://login.example.com/${tenant}/v2.0`],
    ['a query', `${good}?`],
    ['a fragment', `${good}#`],
    ['a space before', ` ${good}`],
    ['a line feed after', `${good}\n`],
    ['a line feed after the tenant', `${prefix}${tenant}\n/v2.0`],
    ['the prefix behind a line feed', `https://evil.example/\n${good}`],
    ['the whole as a path', `https://evil.example/${good}`],
    ['braces around the tenant', `${prefix}{${tenant}}/v2.0`],
    ['nothing', ''],
    ['a list', [good]],
  ])('is nobody for %s', (_name, iss) => {
    expect(found(iss)).toBe('unknown_issuer')
  })

  it.each([
    ['another tenant', otherTenant],
    ['the tenant in upper case', tenant.toUpperCase()],
    ['a list', [tenant]],
    ['nothing', null],
    ['an empty text', ''],
    ['a space after it', `${tenant} `],
  ])('refuses a bound claim with %s', (_name, tid) => {
    expect(found(good, tid)).toBe('tenant_mismatch')
  })

  it('refuses a token without the bound claim', () => {
    const search = new TrustedIssuers([trusted('entra')]).find({ iss: good })
    expect(search).toMatchObject({ reason: 'tenant_mismatch', issuer: { id: 'entra' } })
  })

  it('is trusted for its allowed tenants only', () => {
    const issuers = [trusted('entra', { allowedTenants: new Set([tenant]) })]
    expect(found(good, tenant, issuers)).toBe('entra')
    const elsewhere = `${prefix}${otherTenant}/v2.0`
    expect(found(elsewhere, otherTenant, issuers)).toBe('unknown_issuer')
  })

  it('goes behind an issuer with the exact name', () => {
    expect(found(good, otherTenant, [trusted('entra'), plain('own', good)])).toBe('own')
  })

  it('takes no tenant that its entry refuses by name', () => {
    const rules = { ...noTokenRules, refusedIssuers: [good] }
    const issuers = [{ ...trusted('entra'), rules }]
    expect(found(good, tenant, issuers)).toBe('token_not_for_third_parties')
    expect(found(`${prefix}${otherTenant}/v2.0`, otherTenant, issuers)).toBe('entra')
  })

  it('may end with its placeholder or with a slash', () => {
    const end = trusted('end', { suffix: '', tenantForm: /^[A-Za-z0-9_-]+$/ })
    const slash = trusted('slash', { suffix: '/', tenantForm: /^[A-Za-z0-9_-]+$/ })
    expect(found(`${prefix}acme`, 'acme', [end, slash])).toBe('end')
    expect(found(`${prefix}acme/`, 'acme', [end, slash])).toBe('slash')
    expect(found(prefix, '', [end, slash])).toBe('unknown_issuer')
    expect(found(`${prefix}a.b`, 'a.b', [end, slash])).toBe('unknown_issuer')
  })

  it('costs no more among thousands, and nothing with an endless iss', () => {
    const many = Array.from({ length: 5_000 }, (_, index) =>
      trusted(`t${String(index)}`, { prefix: `https://${String(index)}.example.com/` }),
    )
    const issuers = new TrustedIssuers(many)
    const iss = `https://4999.example.com/${tenant}/v2.0`
    expect(issuers.find({ iss, tid: tenant })).toMatchObject({ issuer: { id: 't4999' } })
    expect(found(`${good}${'/'.repeat(100_000)}`)).toBe('unknown_issuer')
    expect(found(`https://a${'/a'.repeat(20)}/${tenant}/v2.0`)).toBe('unknown_issuer')
  })

  it('trusts exactly its texts, whatever is done to one', () => {
    const edit = fc.record({
      at: fc.nat({ max: good.length }),
      cut: fc.nat({ max: 3 }),
      put: fc.oneof(
        fc.string({ maxLength: 3 }),
        fc.constantFrom('/', '..', '%2f', tenant, '{', 'A'),
      ),
    })
    fc.assert(
      fc.property(edit, fc.constantFrom(tenant, otherTenant, ''), ({ at, cut, put }, tid) => {
        const iss = `${good.slice(0, at)}${put}${good.slice(at + cut)}`
        const expected =
          /^https:\/\/login\.example\.com\/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\/v2\.0$/.test(
            iss,
          )
        const isOfTenant = expected && iss.slice(prefix.length, -'/v2.0'.length) === tid
        const reason = expected ? 'tenant_mismatch' : 'unknown_issuer'
        expect(found(iss, tid)).toBe(isOfTenant ? 'entra' : reason)
      }),
      { numRuns: 2_000 },
    )
  })
})
