// Saves a blob as a download.

export function save(blob: Blob, name: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  // By then the browser has copied the blob.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}
