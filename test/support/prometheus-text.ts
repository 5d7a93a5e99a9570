/** The text that Prometheus scrapes, parsed. */

/** One sample. */
export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** A scrape. */
export interface Scrape {
  /** Type by metric name. */
  readonly types: ReadonlyMap<string, string>
  readonly samples: readonly Sample[]
  /** The only sample of a name with these labels, among others. Throws when there is not exactly one. */
  value(name: string, labels?: Readonly<Record<string, string>>): number
  /** Every sample of a name with these labels, among others. */
  all(name: string, labels?: Readonly<Record<string, string>>): readonly Sample[]
}

/** Parses a scrape. Throws on a line that is none of the format's. */
export function parsePrometheusText(text: string): Scrape {
  const types = new Map<string, string>()
  const samples: Sample[] = []
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('# HELP ')) continue
    const [, named, type] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? []
    if (named !== undefined && type !== undefined) {
      types.set(named, type)
      continue
    }
    const [, name, labels = '', value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
    if (name === undefined || value === undefined) throw new Error(`not a sample: ${line}`)
    samples.push({
      name,
      labels: Object.fromEntries(
        [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key = '', of = '']) => [
          key,
          of,
        ]),
      ),
      value: value === '+Inf' ? Number.POSITIVE_INFINITY : Number(value),
    })
  }
  function all(name: string, labels: Readonly<Record<string, string>> = {}): readonly Sample[] {
    return samples.filter(
      (sample) =>
        sample.name === name &&
        Object.entries(labels).every(([key, of]) => sample.labels[key] === of),
    )
  }
  return {
    types,
    samples,
    all,
    value(name, labels) {
      const found = all(name, labels)
      const [only] = found
      if (only === undefined || found.length > 1) {
        throw new Error(`${String(found.length)} samples of ${name} ${JSON.stringify(labels)}`)
      }
      return only.value
    },
  }
}
