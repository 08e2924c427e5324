// A banner when the server has another release. The page reloads by itself once nothing is unsent.

import { useEffect, useState } from 'preact/hooks'
import { Banner } from '../ui/banner.tsx'
import { Button } from '../ui/button.tsx'
import { areFilesChosen, isOutdated, isWorkUnsent, reloadOnce } from './release.ts'
import { texts } from './texts.ts'

const checkEveryMs = 1_000

export function NewVersionBanner() {
  const [hasFiles, setHasFiles] = useState(false)

  useEffect(() => {
    if (!isOutdated.value) return
    let mayReload = true
    const check = async () => {
      setHasFiles(areFilesChosen())
      if (mayReload && !isWorkUnsent()) mayReload = await reloadOnce()
    }
    void check()
    const timer = setInterval(check, checkEveryMs)
    return () => clearInterval(timer)
  }, [isOutdated.value])

  if (!isOutdated.value) return null
  return hasFiles ? <Banner tone="info">{texts.value.sendFirst}</Banner> : <NewVersion />
}

export function NewVersion() {
  return (
    <Banner
      tone="info"
      action={
        <Button size="sm" onClick={() => location.reload()}>
          {texts.value.reload}
        </Button>
      }
    >
      {texts.value.available}
    </Banner>
  )
}
