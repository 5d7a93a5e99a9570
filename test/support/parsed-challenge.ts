/** Challenges as an independent client reads them: oauth4webapi, from a response that it was given. */
import * as oauth from 'oauth4webapi'

/** The challenges of a 401 with these WWW-Authenticate values; none when the client sees none in them. */
export async function parseChallenges(
  values: readonly string[],
): Promise<oauth.WWWAuthenticateChallenge[]> {
  const url = new URL('https://api.example.com/')
  const headers = new Headers(values.map((value) => ['www-authenticate', value]))
  try {
    await oauth.protectedResourceRequest('x', 'GET', url, undefined, undefined, {
      [oauth.customFetch]: async () => new Response(null, { status: 401, headers }),
    })
  } catch (error) {
    if (error instanceof oauth.WWWAuthenticateChallengeError) return error.cause
    throw error
  }
  return []
}
