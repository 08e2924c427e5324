// Hook: an object URL for as long as it is shown. The previous URL stays until the next one is loaded.

import { useEffect, useState } from 'preact/hooks'

export interface BlobUrl {
  url: string | null
  hasFailed: boolean
  retry(): void
}

/** Calls `load` again whenever `key` changes. */
export function useBlobUrl(key: unknown, load: () => Promise<Blob>): BlobUrl {
  const [url, setUrl] = useState<string | null>(null)
  const [hasFailed, setFailed] = useState(false)
  const [tries, setTries] = useState(0)

  useEffect(() => {
    let isWanted = true
    setFailed(false)
    load().then(
      (blob) => isWanted && setUrl(URL.createObjectURL(blob)),
      () => isWanted && setFailed(true),
    )
    return () => {
      isWanted = false
    }
  }, [key, tries])

  useEffect(() => () => URL.revokeObjectURL(url ?? ''), [url])

  return { url, hasFailed, retry: () => setTries((before) => before + 1) }
}
