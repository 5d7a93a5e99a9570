/** `scopegate dev`: the command around the authorization server. */
import { createServer, type AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { runCommand, startCommand } from '../../support/command.js'
import { until } from '../../support/until.js'

describe('dev', () => {
  it.each([
    ['flags', ['dev', '--port', '0', '--audience', 'urn:other'], {}],
    ['the environment', ['dev'], { SCOPEGATE_DEV_PORT: '0', SCOPEGATE_DEV_AUDIENCE: 'urn:other' }],
  ])(
    'serves as %s say until it is stopped, and shows how to get a token',
    async (_n, argv, env) => {
      const command = startCommand(argv, env)
      await until(() => command.out.length === 3)
      const issuer = /http:\S+$/.exec(command.out[0] ?? '')?.[0] ?? ''
      expect(issuer).toMatch(/^http:\/\/127\.0\.0\.1:[1-9]\d*$/)
      expect(command.out[1]).toContain(`curl -su demo:demo ${issuer}/token`)
      expect(command.out[2]).toContain(`curl -sX POST ${issuer}/rotate`)

      const response = await fetch(`${issuer}/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${btoa('demo:demo')}` },
        body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'read:users' }),
      })
      const { access_token: token } = (await response.json()) as { access_token: string }
      const claims = JSON.parse(atob(token.split('.')[1] ?? '')) as object
      expect(claims).toMatchObject({ iss: issuer, aud: 'urn:other', scope: 'read:users' })

      expect(await command.stop()).toBe(0)
      expect(command.errors).toEqual([])
      await expect(fetch(`${issuer}/jwks`)).rejects.toThrow()
    },
  )

  it('fails when its port is taken', async () => {
    const taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
    const { port } = taken.address() as AddressInfo
    await expect(runCommand(['dev', '--port', String(port)])).rejects.toThrow(/EADDRINUSE/)
    await new Promise((resolve) => taken.close(resolve))
  })
})
