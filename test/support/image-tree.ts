/**
 * The file tree of the image, made by the script that the Dockerfile calls, and run without a container engine.
 *
 * The rules are:
 *   - the process sees a root directory of its own: Node.js with its libraries, the tree, the configuration, /proc;
 *   - every file system in it is mounted read-only, there is no /tmp, and the user is 65532 without any privilege;
 *   - root does that by a mount namespace, everybody else by a user namespace; where neither is allowed this throws.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'

/** Where the image has Node.js; the Dockerfile's ENTRYPOINT says the same. */
export const imageNode = '/nodejs/bin/node'

/** Makes the tree in a new directory. Needs dist/. */
export function assembleImageTree(directory: string): void {
  execFileSync(process.execPath, ['deploy/image/assemble.mjs', directory], { stdio: 'inherit' })
}

export interface ImageRoot {
  /** Runs a command inside, read-only, as user 65532. The caller ends it. */
  run(command: string, args: readonly string[]): ChildProcess
  /** Removes everything. Nothing may run any more. */
  remove(): void
}

/** Prepares a root directory with the tree at /app and `config` as /etc/scopegate/scopegate.yaml. */
export function createImageRoot(tree: string, config: string): ImageRoot {
  const root = mkdtempSync(join(tmpdir(), 'scopegate-root-'))
  chmodSync(root, 0o755) // The user inside is another one.
  for (const folder of ['app', 'proc', 'etc/scopegate', dirname(imageNode)]) {
    mkdirSync(join(root, folder), { recursive: true })
  }
  writeFileSync(join(root, imageNode), '') // Node.js is mounted on it.
  for (const library of librariesOf(process.execPath)) {
    mkdirSync(join(root, dirname(library)), { recursive: true })
    copyFileSync(library, join(root, library))
  }
  writeFileSync(join(root, 'etc/scopegate/scopegate.yaml'), config)
  return {
    run(command, args) {
      const isRoot = process.geteuid?.() === 0
      const namespaces = isRoot ? ['--mount'] : ['--user', '--map-root-user', '--mount']
      return spawn(
        'unshare',
        [
          ...namespaces,
          'sh',
          '-euc',
          mounts + (isRoot ? asRoot : asAnybody),
          'sh',
          root,
          resolve(tree),
          process.execPath,
        ]
          .concat(command)
          .concat(args),
        { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env['PATH'] } },
      )
    },
    remove() {
      rmSync(root, { recursive: true })
    },
  }
}

/** Each of them read-only; /proc last, of which only root could write anything. */
const mounts = `
root=$1 tree=$2 node=$3
shift 3
mount --bind "$root" "$root"
mount --bind "$tree" "$root/app"
mount --bind "$node" "$root${imageNode}"
mount --rbind /proc "$root/proc"
for at in "$root/app" "$root${imageNode}" "$root"; do
  mount -o remount,bind,ro "$at"
done
`
const asRoot = `exec setpriv --no-new-privs chroot --userspec=65532:65532 --groups= "$root" "$@"\n`
/** A user namespace knows one user only, so another one inside of it makes that one 65532. */
const asAnybody = `exec setpriv --no-new-privs unshare --user --map-user=65532 --map-group=65532 --root="$root" "$@"\n`

/** The shared libraries of a program and its loader, as the dynamic loader finds them. */
function librariesOf(program: string): string[] {
  const text = execFileSync('ldd', [program], { encoding: 'utf8' })
  return [...text.matchAll(/(\/\S+) \(0x/g)].flatMap(([, path]) =>
    path === undefined ? [] : [path],
  )
}
