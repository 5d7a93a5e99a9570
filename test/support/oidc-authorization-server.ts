/**
 * An authorization server that is not ours: oidc-provider in this process, with JWT access tokens by resource indicators
 * (RFC 8707, RFC 9068), and oauth4webapi as its client.
 */
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair } from 'jose'
import * as oauth from 'oauth4webapi'
import Provider from 'oidc-provider'

export interface OidcAuthorizationServer {
  readonly issuer: string
  /** Replaces the server by one with a new key and nothing remembered, on the same port. */
  rotate(): Promise<void>
  /** An access token by client credentials; without a resource it is opaque. */
  token(request: TokenRequest): Promise<string>
  close(): Promise<void>
}

export interface TokenRequest {
  readonly resource?: string
  readonly scope?: string
  /** Binds the token to a key of the client (RFC 9449). */
  readonly dpop?: boolean
}

const client: oauth.Client = { client_id: 'app' }
const clientSecret = 'only for this test'
// eslint-disable-next-line @typescript-eslint/no-deprecated -- only so that nobody overlooks it; this is loopback
const insecure = { [oauth.allowInsecureRequests]: true }

/** Starts a server whose access tokens are signed with the algorithm. */
export async function startOidcAuthorizationServer(
  algorithm = 'RS256',
): Promise<OidcAuthorizationServer> {
  let handle: RequestListener = (_, response) => response.writeHead(503).end()
  const http = createServer((request, response) => {
    handle(request, response)
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${String((http.address() as AddressInfo).port)}`

  async function rotate(): Promise<void> {
    const { privateKey } = await generateKeyPair(algorithm, { extractable: true })
    const jwk = { ...(await exportJWK(privateKey)), alg: algorithm, use: 'sig' }
    handle = new Provider(issuer, configuration(jwk, algorithm)).callback()
  }
  await rotate()

  return {
    issuer,
    rotate,
    async token({ resource, scope, dpop }) {
      const url = new URL(issuer)
      const server = await oauth.processDiscoveryResponse(
        url,
        await oauth.discoveryRequest(url, insecure),
      )
      const parameters = new URLSearchParams()
      if (resource !== undefined) parameters.set('resource', resource)
      if (scope !== undefined) parameters.set('scope', scope)
      const proof =
        dpop === true
          ? { DPoP: oauth.DPoP(client, await oauth.generateKeyPair('ES256')) }
          : undefined
      const authentication = oauth.ClientSecretBasic(clientSecret)
      const response = await oauth.clientCredentialsGrantRequest(
        server,
        client,
        authentication,
        parameters,
        { ...insecure, ...proof },
      )
      const granted = await oauth.processClientCredentialsResponse(server, client, response)
      return granted.access_token
    },
    async close() {
      http.closeAllConnections()
      await new Promise((resolve) => http.close(resolve))
    },
  }
}

function configuration(jwk: object, algorithm: string): object {
  return {
    jwks: { keys: [jwk] },
    clients: [
      {
        ...client,
        client_secret: clientSecret,
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
        // The only key may be of another type than the default algorithm of ID tokens, which nobody asks for here.
        id_token_signed_response_alg: algorithm,
      },
    ],
    enabledJWA: { idTokenSigningAlgValues: [algorithm] },
    scopes: ['read:users', 'write:users', 'create:users'],
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => undefined,
        getResourceServerInfo: (_context: unknown, resource: string) => ({
          scope: 'read:users write:users create:users',
          audience: resource,
          accessTokenTTL: 300,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: algorithm } },
        }),
      },
    },
  }
}
