/** A real Prometheus of Debian, on the files of deploy/prometheus, scraping gates once a second. */
import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { endProcess } from './end-process.js'
import { freePorts } from './free-ports.js'
import { shippedFile } from './shipped-file.js'
import { until } from './until.js'

export interface PrometheusServer {
  /** The `data` of an answer of its API. Throws on an error and on a warning. */
  api(path: string, parameters?: Readonly<Record<string, string>>): Promise<unknown>
  /** Everything that it logged. */
  readonly log: () => string
  readonly close: () => Promise<void>
}

const shipped = 'deploy/prometheus'

/** Starts it with the addresses of the gates in place of the shipped one, and seconds in place of quarters of a minute. */
export async function startPrometheus(targets: readonly string[]): Promise<PrometheusServer> {
  const directory = mkdtempSync(join(tmpdir(), 'scopegate-prometheus-'))
  const [port = 0] = await freePorts(1)
  const text = await shippedFile(`${shipped}/prometheus.yaml`, [
    ["['scopegate:8081']", JSON.stringify(targets)],
    ['scrape_interval: 15s', 'scrape_interval: 1s'],
    ['evaluation_interval: 15s', 'evaluation_interval: 1s'],
  ])
  writeFileSync(join(directory, 'prometheus.yaml'), text)
  cpSync(join(shipped, 'rules.yaml'), join(directory, 'rules.yaml'))
  const address = `127.0.0.1:${String(port)}`
  const child = spawn(
    'prometheus',
    [
      `--config.file=${join(directory, 'prometheus.yaml')}`,
      `--storage.tsdb.path=${join(directory, 'data')}`,
      `--web.listen-address=${address}`,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let log = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => (log += chunk))
  }
  const failed = new Promise<never>((_, reject) => child.once('error', reject))
  async function close(): Promise<void> {
    await endProcess(child)
    rmSync(directory, { recursive: true })
  }
  async function isReady(): Promise<boolean> {
    if (child.exitCode !== null) throw new Error(log)
    return await fetch(`http://${address}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    )
  }

  try {
    await Promise.race([failed, until(isReady, 'Prometheus', 30_000)])
  } catch (fault) {
    await close()
    throw fault
  }
  return {
    log: () => log,
    close,
    async api(path, parameters = {}) {
      const query = new URLSearchParams(parameters).toString()
      const response = await fetch(`http://${address}/api/v1/${path}?${query}`)
      const answer = (await response.json()) as {
        data?: unknown
        error?: string
        warnings?: unknown
      }
      if (answer.error !== undefined || answer.warnings !== undefined) {
        throw new Error(`${path} ${query}: ${JSON.stringify(answer)}`)
      }
      return answer.data
    },
  }
}
