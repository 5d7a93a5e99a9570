/** Where a rule for Envoy points: at a field, or at what the field would stand in. */
import { at, isTrue, type EnvoyNode } from './envoy-document.js'
import type { Sighting } from './finding.js'

/** A sighting at a field if `is` holds; at what it would stand in if it is not there. */
export function seen(
  is: boolean,
  node: EnvoyNode,
  ...path: readonly string[]
): readonly Sighting[] {
  return is ? [{ at: (at(node, ...path) ?? node).at }] : []
}

/** A sighting if a field is not there. */
export function missing(node: EnvoyNode, ...path: readonly string[]): readonly Sighting[] {
  return seen(at(node, ...path) === undefined, node, ...path)
}

/** A sighting if a field is not true. */
export function notTrue(node: EnvoyNode, ...path: readonly string[]): readonly Sighting[] {
  return seen(!isTrue(node, ...path), node, ...path)
}
