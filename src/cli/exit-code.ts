/** How the process tells scripts what happened. */
export const exitCode: Readonly<Record<'good' | 'problems' | 'usage' | 'config', number>> = {
  good: 0,
  /** A check was made and found problems. */
  problems: 1,
  /** The command was not understood. */
  usage: 2,
  /** EX_CONFIG of sysexits.h: the configuration cannot be used. */
  config: 78,
}
