// The origin of what somebody enters as their site's address: a whole URL, or a name alone, which means https.

/** What the server takes as an origin. Some browsers make a host of anything, even of words with spaces. */
const origin = /^https?:\/\/(\[[0-9a-f:]+\]|[a-z0-9]([a-z0-9.-]*[a-z0-9])?)(:\d{1,5})?$/

/** null where it is no address of a web page. */
export function originOf(text: string): string | null {
  const entered = text.trim()
  try {
    const url = new URL(/^[a-z][a-z0-9+.-]*:\/\//i.test(entered) ? entered : `https://${entered}`)
    return origin.test(url.origin) ? url.origin : null
  } catch {
    return null
  }
}
