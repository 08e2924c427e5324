// The origin of a site's address as entered: a URL, or a host name, which means https.

/** The form that the server accepts. Some browsers parse almost anything as a host, even words with spaces. */
const origin = /^https?:\/\/(\[[0-9a-f:]+\]|[a-z0-9]([a-z0-9.-]*[a-z0-9])?)(:\d{1,5})?$/

/** null if it is not a web address. */
export function originOf(text: string): string | null {
  const entered = text.trim()
  try {
    const url = new URL(/^[a-z][a-z0-9+.-]*:\/\//i.test(entered) ? entered : `https://${entered}`)
    return origin.test(url.origin) ? url.origin : null
  } catch {
    return null
  }
}
