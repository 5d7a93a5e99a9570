/**
 * The matrix beside the main scenarios: groups of scenarios that share servers. A group has the `names` of its scenarios, so
 * that none is started for nothing, and `start(context, keep, settings)`, which resolves to the scenarios.
 * A scenario is what measure.mjs compares: `gate` and `noOp` are two servers, whatever they are; the name says which.
 */
import { coldGroup, zipfGroup } from './cold-tokens.mjs'
import { floorGroup } from './floors.mjs'
import { connectionsGroup, routesGroup, tlsGroup, unixGroup } from './surroundings.mjs'
import { createServers } from './servers.mjs'

/** Each is measured once in a run. */
export const groups = [
  floorGroup,
  connectionsGroup,
  tlsGroup,
  unixGroup,
  routesGroup,
  coldGroup,
  zipfGroup,
]

/** Starts the servers of a group. Rejects, with none left, when one does not start or answers otherwise than it should. */
export async function startGroup(group, files, settings) {
  const { keep, stop } = createServers()
  try {
    return { stop, scenarios: await group.start(files, keep, settings) }
  } catch (error) {
    await stop()
    throw error
  }
}
