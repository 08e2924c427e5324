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

export interface UsedIdentity {
  /** Remembers that this tab has sent the token, across reloads if the browser allows it. */
  mark(identity: string): void
  is(identity: string): boolean
}

export function openUsedIdentity(area: string): UsedIdentity {
  const key = `${area}used`
  let used: string | null = null
  return {
    mark(identity) {
      used = identity
      try {
        sessionStorage.setItem(key, identity)
      } catch {
        // Then it is forgotten on reload.
      }
    },
    is(identity) {
      try {
        used ??= sessionStorage.getItem(key)
      } catch {
        // Storage is blocked.
      }
      return used === identity
    },
  }
}
