/** The configuration as files: one, a directory of them, a mounted ConfigMap; and the way back to line and column. */
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadConfig, readConfigTexts } from '../../../src/config/index.js'
import { problemsOf, problemsOfText, smallConfig, withFiles } from '../../support/config-text.js'

const issuers = `issuers:
  - id: main
    issuer: https://issuer.example.com
`
const resource = (id: string, path = `/${id}`): string => `resources:
  - id: ${id}
    audiences: [https://api.example.com]
    routes:
      - { id: read, path: ${path}, scopes: [read:users] }
`

describe('a directory of files', () => {
  it('is merged in the order of the names', async () => {
    const files = {
      '20-b.yaml': resource('second'),
      '10-a.yml': resource('first'),
      '00-issuers.yaml': issuers,
      '30-more.yaml': `${resource('third')}issuers:\n  - id: other\n    issuer: https://other.example.com\n`,
    }
    await withFiles(files, async (directory) => {
      const { policy, trustedIssuers } = await loadConfig(directory)
      expect(policy.routes.map(({ qualifiedId }) => qualifiedId)).toEqual([
        'first/read',
        'second/read',
        'third/read',
      ])
      expect(trustedIssuers.map(({ id }) => id)).toEqual(['main', 'other'])
    })
  })

  it('leads every problem back to its file, line and column', async () => {
    const files = {
      'a.yaml': issuers + resource('first', 'no-slash'),
      'b.yaml': `# a comment\n${resource('second', 'no-slash')}`,
      'c.yaml': `${resource('third').replace('scopes:', 'scope:')}listen: { admin: { address: x } }\n`,
    }
    await withFiles(files, async (directory) => {
      expect(await problemsOf(directory, directory)).toEqual([
        'a.yaml:8:27: path "no-slash" does not start with a slash',
        'b.yaml:6:27: path "no-slash" does not start with a slash',
        'c.yaml:5:35: unknown key "scope"',
        'c.yaml:6:29: "x" is not an address: write host:port or unix:/path',
      ])
    })
  })

  it('finds names that clash across files', async () => {
    const files = { 'a.yaml': issuers + resource('api', '/a'), 'b.yaml': resource('api', '/b') }
    await withFiles(files, async (directory) => {
      expect(await problemsOf(directory, directory)).toEqual([
        'b.yaml:2:9: id "api" is given twice',
      ])
    })
  })

  it('takes a single value from one file only', async () => {
    const files = {
      'a.yaml': `log: { level: info }\n${smallConfig}`,
      'b.yaml': 'limits: {}\nlog: { level: debug }\nresources: { a: 1 }\n',
      'c.yaml': 'log: {}\nmore: 1\n',
    }
    await withFiles(files, async (directory) => {
      expect(await problemsOf(directory, directory)).toEqual([
        'b.yaml:2:1: "log" is given in more than one file',
        'b.yaml:3:1: "resources" is given in more than one file',
        'c.yaml:1:1: "log" is given in more than one file',
        'c.yaml:2:1: unknown key "more"',
      ])
    })
  })

  it('reports the broken files of all', async () => {
    const files = { 'a.yaml': 'a: [', 'b.yaml': smallConfig, 'c.yaml': 'c: }' }
    await withFiles(files, async (directory) => {
      const problems = await problemsOf(directory, directory)
      expect(problems.map((problem) => problem.split(':', 1)[0])).toEqual(['a.yaml', 'c.yaml'])
    })
  })

  it('ignores other files, and folders', async () => {
    await withFiles(
      { 'a.yaml': smallConfig, 'README.md': '}', 'x.json': '{' },
      async (directory) => {
        await mkdir(join(directory, 'folder'))
        expect(await problemsOf(directory, directory)).toEqual([])
      },
    )
  })

  it('needs at least one file', async () => {
    await withFiles({ 'README.md': '' }, async (directory) => {
      expect(await problemsOf(directory, directory)).toEqual([
        ':1:1: the directory has no .yaml file',
      ])
    })
  })
})

describe('a mounted ConfigMap', () => {
  it('is read once, through the links that Kubernetes makes', async () => {
    await withFiles({ '..2026_11_24/a.yaml': smallConfig }, async (directory) => {
      await symlink('..2026_11_24', join(directory, '..data'))
      await symlink(join('..data', 'a.yaml'), join(directory, 'a.yaml'))
      await writeFile(join(directory, '.hidden.yaml'), '}')
      const { policy } = await loadConfig(directory)
      expect(policy.routes).toHaveLength(1)
    })
  })
})

describe('a file name in the configuration', () => {
  it.each(['scopegate.yaml', ''])('starts at the file that has it, given "%s"', async (name) => {
    const text = `listen:
  grpc: { tls: { certFile: tls/a.crt, keyFile: /etc/a.key, clientCaFile: ../ca.crt } }
issuers:
  - { id: main, issuer: https://issuer.example.com, keys: { jwksFile: keys.json } }
${resource('api')}`
    await withFiles({ 'conf/scopegate.yaml': text }, async (directory) => {
      const { listen, issuerKeys } = await loadConfig(join(directory, 'conf', name))
      expect(listen.grpc?.tls).toEqual({
        certFile: join(directory, 'conf/tls/a.crt'),
        keyFile: '/etc/a.key',
        clientCaFile: join(directory, 'ca.crt'),
      })
      expect(issuerKeys[0]?.source).toEqual({
        kind: 'jwksFile',
        path: join(directory, 'conf/keys.json'),
      })
    })
  })
})

describe('a file', () => {
  it('that is not there is a problem like others', async () => {
    await withFiles({}, async (directory) => {
      expect(await problemsOf(join(directory, 'none.yaml'), directory)).toEqual([
        'none.yaml:1:1: there is no such file or directory',
      ])
    })
  })

  it('that cannot be read is a problem like others', async () => {
    await withFiles({}, async (directory) => {
      // A folder where a file should be: no permission is needed, and root has none to lose.
      await mkdir(join(directory, 'a.yaml'))
      expect(await problemsOf(directory, directory)).toEqual([
        'a.yaml:1:1: the file cannot be read',
      ])
    })
  })

  it.each([
    ['with a byte order mark', `\uFEFF${smallConfig}`],
    ['with Windows line ends', smallConfig.replaceAll('\n', '\r\n')],
    [
      'as JSON',
      '{"resources":[{"id":"a","audiences":["x"],"routes":[{"id":"r","path":"/","access":"public"}]}]}',
    ],
    [
      'with an anchor and an alias',
      smallConfig
        .replace('[read:users]', '&s [read:users]')
        .concat('      - { id: other, path: /other, scopes: *s }\n'),
    ],
  ])('%s is read', async (_name, text) => {
    expect(await problemsOfText(text)).toEqual([])
  })

  it('with Windows line ends has the same lines and columns', async () => {
    const text = smallConfig.replace('/read,', 'read,').replaceAll('\n', '\r\n')
    expect(await problemsOfText(text)).toEqual(['8:27: path "read" does not start with a slash'])
  })
})

describe('texts that were read earlier', () => {
  it('are loaded in place of what the files say now', async () => {
    const files = { 'a.yaml': issuers, 'b.yaml': resource('first') }
    await withFiles(files, async (directory) => {
      const texts = await readConfigTexts(directory)
      await writeFile(join(directory, 'b.yaml'), 'resources: nonsense\n')
      await expect(loadConfig(directory)).rejects.toThrow()
      const { policy } = await loadConfig(directory, texts)
      expect(policy.routes.map(({ qualifiedId }) => qualifiedId)).toEqual(['first/read'])
    })
  })
})
