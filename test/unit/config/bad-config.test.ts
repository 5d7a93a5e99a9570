/** One broken configuration for each mistake: where it is, what it is and how to mend it, word for word. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { ConfigError, loadConfig, type Problem } from '../../../src/config/index.js'

const vectors = fileURLToPath(new URL('../../vectors/bad-config', import.meta.url))
const source = fileURLToPath(new URL('../../../src', import.meta.url))
const names = readdirSync(vectors)
  .filter((name) => name.endsWith('.yaml'))
  .sort()

/** What the comments at the top of a file say, in the order of the file. */
function expectations(name: string): readonly Omit<Problem, 'file'>[] {
  const expected: Omit<Problem, 'file'>[] = []
  for (const line of readFileSync(join(vectors, name), 'utf8').split('\n')) {
    const problem = /^# expect: (\d+):(\d+): (.*)$/.exec(line)
    const hint = /^# hint: (.*)$/.exec(line)?.[1]
    const last = expected.at(-1)
    if (problem !== null) {
      const [, row, column, message = ''] = problem
      expected.push({ line: Number(row), column: Number(column), message, hint: undefined })
    } else if (hint !== undefined && last !== undefined) {
      expected.splice(-1, 1, { ...last, hint })
    }
  }
  return expected
}

async function problems(name: string): Promise<readonly Omit<Problem, 'file'>[]> {
  const file = join(vectors, name)
  const error: unknown = await loadConfig(file).then(
    () => undefined,
    (fault: unknown) => fault,
  )
  expect(error).toBeInstanceOf(ConfigError)
  return (error as ConfigError).problems.map(({ file: of, ...rest }) => {
    expect(of).toBe(file)
    return rest
  })
}

describe('a configuration with a mistake', () => {
  it.each(names)('%s', async (name) => {
    const expected = expectations(name)
    expect(expected.length).toBeGreaterThan(0)
    expect(await problems(name)).toEqual(expected)
  })
})

/** Held by documents.test.ts: they are about more or less than one file. */
const aboutFiles = [
  'there is no such file or directory',
  'the directory has no .yaml file',
  'the file cannot be read',
  '"*" is given in more than one file',
]
/** What is said if the schema ever refuses something in a way that has no sentence yet. */
const unexpected = ['* is no key', '*: *', '* has an entry that *', 'is not YAML']

describe('the checks of a configuration', () => {
  it('have a file each', () => {
    const said = names.flatMap(expectations).map(({ message }) => message)
    const known = new Set([...aboutFiles, ...unexpected])
    const missing = everyMessage()
      .filter((message) => !known.has(message))
      .filter((message) => !said.some((text) => pattern(message).test(text)))
    expect(missing).toEqual([])
  })
})

/** Every sentence that `src/config` and the parser of route patterns can say; `*` where a value goes. */
function everyMessage(): readonly string[] {
  const files = readdirSync(join(source, 'config'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(source, 'config', name))
  return [...files, join(source, 'policy/route-pattern.ts')].flatMap((file) => {
    const tree = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true)
    const found: string[] = []
    const visit = (node: ts.Node): void => {
      found.push(...messageNodes(node).flatMap(texts))
      ts.forEachChild(node, visit)
    }
    visit(tree)
    return found
  })
}

/** The expressions below a node that become a message: `message:`, `error:`, and arguments of what makes problems. */
function messageNodes(node: ts.Node): readonly ts.Expression[] {
  if (ts.isPropertyAssignment(node) && ['message', 'error'].includes(node.name.getText())) {
    return [node.initializer]
  }
  if (!ts.isCallExpression(node)) return []
  const place = { unreadable: 1, problem: 0, regex: 1, min: 1 }[
    ts.isPropertyAccessExpression(node.expression)
      ? node.expression.name.text
      : node.expression.getText()
  ]
  const argument = place === undefined ? undefined : node.arguments[place]
  return argument === undefined ? [] : [argument]
}

function texts(node: ts.Expression): readonly string[] {
  if (ts.isStringLiteralLike(node)) return [node.text]
  if (ts.isConditionalExpression(node)) return [...texts(node.whenTrue), ...texts(node.whenFalse)]
  if (!ts.isTemplateExpression(node)) return []
  return [node.head.text + node.templateSpans.map(({ literal }) => `*${literal.text}`).join('')]
}

function pattern(message: string): RegExp {
  const escaped = message.split('*').map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
  return new RegExp(`${escaped.join('.*')}$`, 's')
}
