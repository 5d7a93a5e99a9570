/** Authentications that are waited for, made by hand, and their results. */
import {
  PendingAuthentication,
  type Authentication,
  type SentToken,
  type TokenDemand,
} from '../../src/token/index.js'
import { Party, WaitingRoom } from '../../src/token/waiting-room.js'

/** An authentication that comes when `result` does; as many may wait as the room has places. */
export function pending(
  result: Promise<Authentication>,
  room = new WaitingRoom(10),
): PendingAuthentication {
  return new PendingAuthentication(result, Party.in(room)!)
}

/** What an authentication ends with, now or later. */
export async function settled(
  authentication: Authentication | PendingAuthentication,
): Promise<Authentication> {
  return authentication instanceof PendingAuthentication
    ? await authentication.result
    : authentication
}

/** What a route says that has nothing to say about tokens. */
export const anyRoute: TokenDemand = { resource: { issuers: new Set(['main']) } }

/** A token that has a good form, whatever its text. */
export function sentToken(text: string): SentToken {
  return { sent: text, isPadded: false, text: () => text }
}
