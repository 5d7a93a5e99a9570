/** Envoy's ListStringMatcher, as far as the doctor needs it: whether a list matches the name of a header. */
import { isTrue, items, text, type EnvoyNode } from './envoy-document.js'

/** Whether any pattern of the list matches the name, which is in lower case as Envoy has it. */
export function matchesHeader(list: EnvoyNode | undefined, name: string): boolean {
  return items(list, 'patterns').some((pattern) => matches(pattern, name))
}

function matches(pattern: EnvoyNode, name: string): boolean {
  const ignoreCase = isTrue(pattern, 'ignore_case')
  const given = (key: string): string | undefined => {
    const value = text(pattern, key)
    return ignoreCase ? value?.toLowerCase() : value
  }
  const [exact, prefix, suffix, part] = ['exact', 'prefix', 'suffix', 'contains'].map(given)
  return (
    exact === name ||
    (prefix !== undefined && name.startsWith(prefix)) ||
    (suffix !== undefined && name.endsWith(suffix)) ||
    (part !== undefined && name.includes(part)) ||
    matchesWhole(text(pattern, 'safe_regex', 'regex'), name)
  )
}

function matchesWhole(regex: string | undefined, name: string): boolean {
  if (regex === undefined) return false
  // RE2 writes its flags in front.
  const [, flags = '', source = regex] = /^\(\?([ims]+)\)(.*)$/s.exec(regex) ?? []
  try {
    return new RegExp(`^(?:${source})$`, flags).test(name)
  } catch {
    return false
  }
}
