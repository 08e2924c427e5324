// What the embedding page says of its customer. The server alone judges an identity; here it is only read as far as to see that it names
// somebody else than before, and each is used once, so that two tabs that name different people do not take turns.

/** What the next session call tells the server. */
export interface IdentityClaims {
  identity?: string | undefined
  name?: string | undefined
  email?: string | undefined
}

/** Whom a JWT names, as it stands there; '' for what is none. */
export function subjectOf(identity: string): string {
  try {
    const payload = identity.split('.')[1] ?? ''
    return String(JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/'))).sub)
  } catch {
    return ''
  }
}

let used: string | null = null

/** This tab has shown this one to the server; it outlives a reload where the browser lets it. */
export function markUsed(area: string, identity: string): void {
  used = identity
  try {
    sessionStorage.setItem(`${area}used`, identity)
  } catch {
    // Then it is forgotten with the page.
  }
}

export function isUsed(area: string, identity: string): boolean {
  try {
    used ??= sessionStorage.getItem(`${area}used`)
  } catch {
    // As above.
  }
  return used === identity
}
