/**
 * The issuers among the components of readiness.
 *
 * The rules are:
 *   - an issuer is ready from its first key set on; one that is loaded at its first use, or that a gate at
 *     work was given, never holds it up;
 *   - up to fifty issuers have a component each; of more, those of which there is something to say, twenty at most, those
 *     that are not ready first, and `issuers` counts all.
 */
import type { IssuerKeyState } from '../jwks/index.js'

/** One thing that has to be there. */
export interface ReadinessComponent {
  readonly ready: boolean
  /** For operators; says what is missing. */
  readonly detail?: string
}

const maxListed = 50
const maxTroubled = 20

/** Whether the gate may be ready as far as this issuer goes. */
export function isIssuerReady({ loadedAtMs, options, isRequired }: IssuerKeyState): boolean {
  return loadedAtMs !== undefined || options.loadAtFirstUse === true || !isRequired
}

/** The components, by name. */
export function issuerComponents(
  states: readonly IssuerKeyState[],
): Readonly<Record<string, ReadinessComponent>> {
  if (states.length <= maxListed) return componentsOf(states)
  const waiting = states.filter((state) => !isIssuerReady(state))
  const noted = states.filter((state) => isIssuerReady(state) && detailOf(state) !== undefined)
  const counted = {
    ready: waiting.length === 0,
    detail: `${String(states.length - waiting.length)} of ${String(states.length)} are ready; /issuers has them all`,
  }
  return { issuers: counted, ...componentsOf([...waiting, ...noted].slice(0, maxTroubled)) }
}

function componentsOf(
  states: readonly IssuerKeyState[],
): Readonly<Record<string, ReadinessComponent>> {
  return Object.fromEntries(
    states.map((state) => {
      const detail = detailOf(state)
      const component = { ready: isIssuerReady(state), ...(detail === undefined ? {} : { detail }) }
      return [`issuer:${state.options.id}`, component]
    }),
  )
}

function detailOf(state: IssuerKeyState): string | undefined {
  const { loadedAtMs, lastFault, isFromSnapshot } = state
  if (loadedAtMs === undefined) {
    const isUnused = state.options.loadAtFirstUse === true && !state.isRefreshing
    return lastFault ?? (isUnused ? 'not used yet' : 'the first key set is loading')
  }
  const details = [isFromSnapshot ? 'from snapshot' : undefined, lastFault]
  const detail = details.filter((text) => text !== undefined).join('; ')
  return detail === '' ? undefined : detail
}
