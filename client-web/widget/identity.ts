// The customer's identity from the embedding page. Only the server verifies it;
// here its subject is read to detect another customer. Each token is used once,
// so that two tabs with different customers do not keep replacing each other.

/** Sent with the next session request. */
export interface IdentityClaims {
  identity?: string | undefined
  name?: string | undefined
  email?: string | undefined
}

/** The subject of a JWT, unverified; '' if it is not a JWT. */
export function subjectOf(identity: string): string {
  try {
    const payload = identity.split('.')[1] ?? ''
    return String(JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/'))).sub)
  } catch {
    return ''
  }
}

let used: string | null = null

/** Remembers that this tab has sent the token, across reloads if the browser allows it. */
export function markUsed(area: string, identity: string): void {
  used = identity
  try {
    sessionStorage.setItem(`${area}used`, identity)
  } catch {
    // Then it is forgotten on reload.
  }
}

export function isUsed(area: string, identity: string): boolean {
  try {
    used ??= sessionStorage.getItem(`${area}used`)
  } catch {
    // Storage is blocked.
  }
  return used === identity
}
