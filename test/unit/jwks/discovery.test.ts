/** From an issuer to its key set document (RFC 8414 section 3, OpenID Connect Discovery section 4, standards 52 and 53). */
import { describe, expect, it } from 'vitest'
import { describeFault, discoverJwksUri, metadataUrls } from '../../../src/jwks/discovery.js'

const issuer = 'https://issuer.example/tenant'
const jwksUri = 'https://keys.example/jwks'
const forms = [
  'https://issuer.example/.well-known/oauth-authorization-server/tenant',
  'https://issuer.example/.well-known/openid-configuration/tenant',
  'https://issuer.example/tenant/.well-known/openid-configuration',
] as const

/** Discovers against documents by URL; every other URL is not found. */
async function discover(documents: Record<string, unknown>, of = issuer, allowInsecure = false) {
  const asked: string[] = []
  const result = await discoverJwksUri(of, {
    async fetch(url) {
      asked.push(url)
      return url in documents ? Response.json(documents[url]) : new Response(null, { status: 404 })
    },
    timeoutMs: 5_000,
    allowInsecure,
  }).catch((error: unknown) => error as Error)
  return { result, asked }
}

describe('metadataUrls', () => {
  const wellKnown = 'https://issuer.example/.well-known'

  it.each([
    [issuer, forms],
    [`${issuer}/`, forms],
    [
      'https://issuer.example',
      [`${wellKnown}/oauth-authorization-server`, `${wellKnown}/openid-configuration`],
    ],
    [
      'https://issuer.example/',
      [`${wellKnown}/oauth-authorization-server`, `${wellKnown}/openid-configuration`],
    ],
    [
      'https://issuer.example:8443/a/b',
      [
        'https://issuer.example:8443/.well-known/oauth-authorization-server/a/b',
        'https://issuer.example:8443/.well-known/openid-configuration/a/b',
        'https://issuer.example:8443/a/b/.well-known/openid-configuration',
      ],
    ],
  ])('of %s are the forms of RFC 8414 and OpenID', (of, urls) => {
    expect(metadataUrls(of)).toEqual(urls)
  })
})

describe('discoverJwksUri', () => {
  it.each(forms)('finds the document that is only at %s', async (form) => {
    const { result } = await discover({ [form]: { issuer, jwks_uri: jwksUri } })
    expect(result).toBe(jwksUri)
  })

  it('asks the forms in order and no further than needed', async () => {
    const { asked } = await discover({ [forms[1]]: { issuer, jwks_uri: jwksUri } })
    expect(asked).toEqual(forms.slice(0, 2))
  })

  it('goes on to the next form when the first is not the metadata of this issuer', async () => {
    const { result } = await discover({
      [forms[0]]: { issuer: 'https://other.example', jwks_uri: 'https://evil.example/jwks' },
      [forms[2]]: { issuer, jwks_uri: jwksUri },
    })
    expect(result).toBe(jwksUri)
  })

  const statements: [string, unknown][] = [
    ['with a slash at the end', `${issuer}/`],
    ['in another case', issuer.replace('issuer', 'Issuer')],
    ['with the default port', issuer.replace('.example', '.example:443')],
    ['with http', issuer.replace('https', 'http')],
    ['without its path', 'https://issuer.example'],
    ['of nobody', undefined],
    ['in a list', [issuer]],
  ]

  it.each(statements)('does not believe metadata of an issuer %s', async (_, stated) => {
    const metadata = { issuer: stated, jwks_uri: jwksUri }
    const { result } = await discover(Object.fromEntries(forms.map((form) => [form, metadata])))
    expect(String(result)).toContain('the metadata of another issuer')
  })

  it('takes an issuer with a slash at the end as it is', async () => {
    const documents = { [forms[0]]: { issuer: `${issuer}/`, jwks_uri: jwksUri } }
    expect((await discover(documents, `${issuer}/`)).result).toBe(jwksUri)
  })

  const uris: [string, unknown][] = [
    ['http to another host', 'http://issuer.example/jwks'],
    ['a file', 'file:///etc/passwd'],
    ['a relative reference', '/jwks'],
    ['nothing', undefined],
    ['a list', [jwksUri]],
    ['credentials', 'https://a:b@issuer.example/jwks'],
  ]

  it.each(uris)('refuses a jwks_uri of %s', async (_, uri) => {
    const { result } = await discover({ [forms[0]]: { issuer, jwks_uri: uri } })
    expect(String(result)).toContain('names no https jwks_uri')
  })

  it('refuses the way from an https issuer to a port of this machine', async () => {
    const metadata = { issuer, jwks_uri: 'http://127.0.0.1:8081/metrics' }
    const { result } = await discover({ [forms[0]]: metadata })
    expect(String(result)).toContain('names an http jwks_uri')
  })

  it('has a fault of bounded length, whatever the metadata say', async () => {
    expect(describeFault(new Error('x'.repeat(900_000))).length).toBeLessThan(600)
  })

  it('takes http to another host where the operator allows it', async () => {
    const metadata = { issuer, jwks_uri: 'http://issuer.example/jwks' }
    const { result } = await discover({ [forms[0]]: metadata }, issuer, true)
    expect(result).toBe('http://issuer.example/jwks')
  })

  it.each([null, [], 'text', 1])('refuses the document %j', async (metadata) => {
    const { result } = await discover({ [forms[0]]: metadata })
    expect(String(result)).toContain('the metadata of another issuer')
  })

  it('says for every form what was wrong with it', async () => {
    const { result } = await discover({ [forms[2]]: { issuer: 'https://other.example' } })
    const message = String(result)
    expect(message).toContain(`no metadata document of issuer ${issuer}`)
    expect(message).toContain(`${forms[0]} answered with status 404`)
    expect(message).toContain(`${forms[1]} answered with status 404`)
    expect(message).toContain(`${forms[2]} is the metadata of another issuer`)
  })
})

describe('describeFault', () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })

  it.each([
    [new Error('fetch failed', { cause: refused }), undefined, 'fetch failed (ECONNREFUSED)'],
    [new Error('fetch failed', { cause: new Error('why') }), undefined, 'fetch failed (why)'],
    [new Error('fetch failed', { cause: 'text' }), undefined, 'fetch failed'],
    [new Error('broken'), 'https://a', 'https://a: broken'],
    [new Error('https://a is broken'), 'https://a', 'https://a is broken'],
    ['thrown text', undefined, 'fault: thrown text'],
    ['thrown text', 'https://a', 'https://a: thrown text'],
  ])('describes %s', (error, about, line) => {
    expect(describeFault(error, about)).toBe(line)
  })
})
