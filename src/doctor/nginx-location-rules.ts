/** Whether every location asks the gate, and whether anything leads around it. */
import type { Rule, Sighting } from './finding.js'
import {
  gateRequest,
  inForce,
  isInternal,
  locationFor,
  ownOf,
  passOf,
  serverOf,
  setting,
  type Scope,
} from './nginx-scope.js'
import { isOpen, refusalPages, type NginxConfig, type Serving } from './nginx-serving.js'

const openHint =
  'set auth_request /_scopegate; here or in a scope around it; a route of Scopegate with `access: public` says what is open'

/** The rules for locations. */
export const nginxLocationRules: readonly Rule<NginxConfig>[] = [
  {
    id: 'nginx/open-location',
    severity: 'error',
    what: 'no auth_request is in force where requests are handed on or files are served: everybody gets in',
    mend: openHint,
    find: (config) =>
      opened(config)
        .filter(({ scope }) => inForce(scope, 'auth_request').length === 0)
        .map(({ scope }) => ({
          at: scope.at,
          message: `${nameOf(scope)}: no auth_request is in force here, so everybody gets in`,
        })),
  },
  {
    id: 'nginx/auth-request-off',
    severity: 'error',
    what: 'auth_request off: everybody gets in, with the identity headers that a client writes',
    mend: openHint,
    find: (config) =>
      opened(config).flatMap(({ scope }) =>
        inForce(scope, 'auth_request').map(({ at }) => ({
          at,
          message: `auth_request off opens ${nameOf(scope)} to everybody, with the identity headers that a client writes`,
        })),
      ),
  },
  {
    id: 'nginx/nothing-here',
    severity: 'warning',
    what: 'there is no server and no location here, so there is nothing to look at',
    mend: 'let the doctor see nginx.conf with its includes, or the file with the servers',
    find: ({ scopes }) =>
      scopes.some(({ kind }) => kind === 'server' || kind === 'location')
        ? []
        : scopes.slice(0, 1).map(({ at }) => ({ at })),
  },
  {
    id: 'nginx/satisfy-any',
    severity: 'error',
    what: 'satisfy any: an address or a password is enough, whatever Scopegate says',
    mend: 'remove satisfy any',
    find: guarded(({ scope }) =>
      inForce(scope, 'satisfy')
        .filter(({ args }) => args[0] === 'any')
        .map(({ at }) => ({ at })),
    ),
  },
  {
    id: 'nginx/return-before-gate',
    severity: 'error',
    what: 'return is carried out before auth_request: this location answers everybody',
    mend: 'move return out of the location; serve the answer from a file or an upstream',
    find: ({ scopes }) =>
      scopes
        .filter((scope) => scope.kind === 'location' && ownOf(scope, 'auth_request').length > 0)
        .filter((scope) => gateRequest(scope) !== undefined)
        .flatMap((scope) =>
          ownOf(scope, 'return').filter(({ args }) => !/^[345]\d\d$/.test(args[0] ?? '')),
        )
        .map(({ at }) => ({ at })),
  },
  {
    id: 'nginx/error-page-open',
    severity: 'error',
    what: 'a request that was refused, or that the gate could not decide on, follows error_page to a location that hands it on',
    mend: 'let error_page lead to a file or a return; 401, 403 and 500 are what auth_request says',
    find: guarded(({ scope }) =>
      refusalPages(scope)
        .filter(
          ({ target }) =>
            target !== undefined &&
            passOf(target) !== undefined &&
            gateRequest(target) === undefined,
        )
        .map(({ page: { at, args } }) => ({
          at,
          message: `a request that was refused, or that the gate could not decide on, follows error_page to ${args.at(-1) ?? ''}, which hands it on`,
        })),
    ),
  },
  {
    id: 'nginx/error-page-status',
    severity: 'warning',
    what: 'error_page turns a refusal into another status: a client takes it for success and never asks for a token',
    mend: 'remove "=" from error_page for 401 and 403',
    find: guarded(({ scope }) =>
      inForce(scope, 'error_page')
        .filter(({ args }) => args.includes('401') || args.includes('403'))
        .filter(({ args }) => args.some((arg) => /^=(?:[23]\d\d)?$/.test(arg)))
        .map(({ at }) => ({ at })),
    ),
  },
  {
    id: 'nginx/rewrite-open',
    severity: 'error',
    what: 'rewrite is carried out before auth_request and leads to an internal location without one',
    mend: 'set auth_request in the location that rewrite leads to',
    find: ({ scopes }) =>
      scopes.flatMap((scope) =>
        ownOf(scope, 'rewrite').flatMap(({ args, at }) => {
          const [literal = ''] = (args[1] ?? '').split(/[$?]/, 1)
          const target = locationFor(serverOf(scope), literal)
          const leadsAround =
            target !== undefined &&
            args[2] !== 'break' &&
            isInternal(target) &&
            gateRequest(target) === undefined &&
            (passOf(target) !== undefined || inForce(target, 'root').length > 0)
          return leadsAround ? [{ at }] : []
        }),
      ),
  },
  {
    id: 'nginx/if-pass',
    severity: 'warning',
    what: 'a request is handed on inside of `if`, which is a location of its own: what it inherits is easily misread',
    mend: 'use a map for the address, or a location of its own',
    find: ({ servings }) =>
      servings.filter(({ scope }) => scope.kind === 'if').map(({ scope }) => ({ at: scope.at })),
  },
  {
    id: 'nginx/underscores',
    severity: 'error',
    what: 'underscores_in_headers on: `x_auth_subject` is `x-auth-subject` to CGI, WSGI and PHP, and no proxy_set_header replaces it',
    mend: 'remove underscores_in_headers',
    find: guarded(({ scope }) => inForceAs(scope, 'underscores_in_headers', 'on')),
  },
  {
    id: 'nginx/invalid-headers',
    severity: 'error',
    what: 'ignore_invalid_headers off: headers with names that are none are sent upstream, and some readers take them for others',
    mend: 'remove ignore_invalid_headers',
    find: guarded(({ scope }) => inForceAs(scope, 'ignore_invalid_headers', 'off')),
  },
]

/** A rule's look at every serving that asks the gate. */
export function guarded(
  find: (serving: Serving) => readonly Sighting[],
): (config: NginxConfig) => readonly Sighting[] {
  return ({ servings }) => servings.filter(({ gate }) => gate !== undefined).flatMap(find)
}

/** How a message calls a scope. */
export function nameOf({ kind, args }: Scope): string {
  return kind === 'location' ? `location ${args.join(' ')}` : `this ${kind}`
}

function opened(config: NginxConfig): readonly Serving[] {
  return config.servings.filter((serving) => isOpen(serving, config))
}

function inForceAs(scope: Scope, name: string, value: string): readonly Sighting[] {
  if (setting(scope, name) !== value) return []
  return inForce(scope, name).map(({ at }) => ({ at }))
}
