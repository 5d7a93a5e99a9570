/**
 * An NGINX configuration with its includes in their places.
 *
 * The rules are:
 *   - a relative name starts from the directory of the first file, wherever the include stands, as in NGINX;
 *   - a pattern may match nothing; a file that is named and not there is reported, unless it only says what no rule asks;
 *   - a file that includes itself, or too many files, is Unreadable.
 */
import { dirname, isAbsolute, join } from 'node:path'
import type { Place } from './finding.js'
import { parseNginx, type Directive } from './nginx-parser.js'
import { matchingFiles, readTextFile } from './text-files.js'
import { Unreadable } from './unreadable.js'

const maxIncludes = 1_000
const harmless = /(?:^|\/)(?:mime\.types|koi-(?:win|utf)|win-utf)$/

/** A configuration, and the includes that could not be followed. */
export interface NginxFiles {
  readonly directives: readonly Directive[]
  readonly missing: readonly { readonly at: Place; readonly name: string }[]
}

/** Parses a text and everything it includes. Throws Unreadable and nothing else. */
export function readNginxFiles(text: string, file: string): NginxFiles {
  const root = dirname(file)
  const missing: { at: Place; name: string }[] = []
  let count = 0

  function expand(directives: readonly Directive[], open: readonly string[]): readonly Directive[] {
    return directives.flatMap((directive) => {
      const [name] = directive.args
      if (directive.name === 'include' && name !== undefined && directive.block === undefined) {
        return included(directive.at, name, open)
      }
      if (directive.block === undefined) return [directive]
      return [{ ...directive, block: expand(directive.block, open) }]
    })
  }

  function included(at: Place, name: string, open: readonly string[]): readonly Directive[] {
    const path = isAbsolute(name) ? name : join(root, name)
    const isPattern = /[*?[]/.test(name)
    return (isPattern ? matchingFiles(path) : [path]).flatMap((each) => {
      if (open.includes(each)) throw new Unreadable(at, `"${name}" includes itself`)
      if (++count > maxIncludes) throw new Unreadable(at, 'too many files are included')
      const read = readTextFile(each)
      if (read.kind === 'text') return expand(parseNginx(read.text, each), [...open, each])
      if (!harmless.test(each)) missing.push({ at, name })
      return []
    })
  }

  return { directives: expand(parseNginx(text, file), [file]), missing }
}
