/** Tokens as an AWS load balancer makes them: base64url with padding, and a signature over the padded text. */
import type { CryptoKey } from 'jose'

type Members = Readonly<Record<string, unknown>>

/** A part with the padding that belongs to it. */
export function padded(part: string): string {
  return part + '='.repeat((4 - (part.length % 4)) % 4)
}

/** A JWS with ES256 of which every part is padded. */
export async function paddedJws(
  header: Members,
  payload: string,
  privateKey: CryptoKey,
): Promise<string> {
  const input = [JSON.stringify(header), payload].map((text) => paddedText(text)).join('.')
  const signature = await crypto.subtle.sign(
    { name: 'ECDSA', hash: 'SHA-256' },
    privateKey,
    new TextEncoder().encode(input),
  )
  return `${input}.${padded(Buffer.from(signature).toString('base64url'))}`
}

function paddedText(text: string): string {
  return padded(Buffer.from(text).toString('base64url'))
}
