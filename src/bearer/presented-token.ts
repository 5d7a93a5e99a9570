/**
 * What was presented as an access token, from a header that is text or octets of a message.
 *
 * The rules are:
 *   - it may be looked up as it was sent before its form is looked at: what is known by all of its octets was looked at when
 *     it was new;
 *   - what is new is read by `text`, and never without.
 */

/** One presented with the scheme Bearer. Untrusted. */
export class PresentedToken {
  readonly kind = 'presented'
  /** All of it. Octets are a part of a message, which whoever waits must not keep. */
  readonly sent: string | Uint8Array
  /** Whether it has `=` inside, which is no token68: it is known to be three padded parts. */
  readonly isPadded: boolean

  constructor(sent: string | Uint8Array, isPadded: boolean) {
    this.sent = sent
    this.isPadded = isPadded
  }

  /** The access token; undefined for what has not the form of one. Neither decoded nor verified. */
  text(): string | undefined {
    const { sent } = this
    // An octet beyond ASCII becomes a character that no token has.
    const text = typeof sent === 'string' ? sent : decodeOctets(sent, 'latin1')
    return this.isPadded || isToken68(text) ? text : undefined
  }
}

/** The text that the octets are in this encoding. */
export function decodeOctets(octets: Uint8Array, encoding: 'latin1' | 'utf8'): string {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString(encoding)
}

const token68 = /^[A-Za-z0-9\-._~+/]+=*$/

/** Whether it is token68 (RFC 9110 section 11.2). */
export function isToken68(text: string): boolean {
  return token68.test(text)
}
