// Client-generated ids: 128 random bits in 32 characters. crypto.randomUUID is missing on plain http.

export function newId(): string {
  let id = ''
  for (const byte of crypto.getRandomValues(new Uint8Array(16))) id += byte.toString(16).padStart(2, '0')
  return id
}
