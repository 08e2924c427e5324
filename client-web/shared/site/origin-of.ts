// The origin of what somebody enters as their site's address: a whole URL, or a name alone, which means https.

/** null where it is no address of a web page. */
export function originOf(text: string): string | null {
  const entered = text.trim()
  try {
    const url = new URL(/^[a-z][a-z0-9+.-]*:\/\//i.test(entered) ? entered : `https://${entered}`)
    return url.protocol === 'https:' || url.protocol === 'http:' ? url.origin : null
  } catch {
    return null
  }
}
