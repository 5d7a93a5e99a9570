/** The rows of the contract for rules about an issuer's tokens; `tokenRules` is what the main gate demands. */
import { invalidToken, read, type ContractCase } from './contract-case.js'

/** The rules of the main gate's issuer. Tokens of the other rows keep them. */
export const tokenRules: Readonly<Record<string, unknown>> = {
  require: { '/client_id': ['app', 'stranger'] },
  refuse: { '/sts': 'pending' },
  refuseHeaders: ['nonce'],
  clients: ['app'],
}

export const tokenRuleCases: readonly ContractCase[] = [
  {
    name: 'refuses a token whose header says that nobody else can verify it',
    reason: 'token_not_for_third_parties',
    request: read({}, { nonce: 'n' }),
    ...invalidToken,
  },
  {
    name: 'refuses a token without a value that its issuer must write',
    reason: 'required_claim',
    request: read({ client_id: 'other' }),
    ...invalidToken,
  },
  {
    name: 'refuses a token with a value that makes it another kind of token',
    reason: 'refused_claim',
    request: read({ sts: 'pending' }),
    ...invalidToken,
  },
  {
    name: 'refuses a token of a client that is not listed',
    reason: 'client_not_allowed',
    request: read({ client_id: 'stranger' }),
    ...invalidToken,
  },
]
