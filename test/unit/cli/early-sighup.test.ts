/** SIGHUP to the built gate before it listens: it neither ends it nor is forgotten. */
import { execFileSync, spawn } from 'node:child_process'
import { constants } from 'node:fs'
import { open, rename, writeFile, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { smallConfig, withFiles } from '../../support/config-text.js'
import { endProcess } from '../../support/end-process.js'
import { until } from '../../support/until.js'

const main = fileURLToPath(new URL('../../../dist/main.js', import.meta.url))
const address = `{ address: '127.0.0.1:0' }`
const text = `listen: { grpc: ${address}, admin: ${address} }\nshutdown: { drainSeconds: 0 }\n${smallConfig}`

it('reads its files once more as soon as it is up', async () => {
  await withFiles({ 'ready.yaml': text }, async (directory) => {
    // The gate waits for the content of a pipe, and so at a place where it is known to be.
    const file = join(directory, 'scopegate.yaml')
    execFileSync('mkfifo', [file])
    const child = spawn(process.execPath, [main, 'serve', '--config', file])
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (more: string) => (output += more))
    }
    try {
      const pipe = await writerOf(file)
      child.kill('SIGHUP')
      await rename(join(directory, 'ready.yaml'), file)
      await writeFile(pipe, text) // The same as the file now holds, which therefore is no change.
      await pipe.close()
      await until(() => output.includes('"msg":"configuration reloaded"'), 'the reload')
      expect(output.indexOf('"msg":"listening"')).toBeGreaterThan(-1)
      expect(output.indexOf('"msg":"configuration reloaded"')).toBeGreaterThan(
        output.indexOf('"msg":"listening"'),
      )
      expect(await endProcess(child, 'SIGTERM')).toBe(0)
    } finally {
      await endProcess(child, 'SIGKILL')
    }
  })
})

/** The end of a pipe to write to, as soon as somebody reads from it. */
async function writerOf(path: string): Promise<FileHandle> {
  let writer: FileHandle | undefined
  await until(async () => {
    writer = await open(path, constants.O_WRONLY | constants.O_NONBLOCK).catch(() => undefined)
    return writer !== undefined
  }, 'the gate to read its configuration')
  return writer as unknown as FileHandle
}
