// After setup: the embed code, and the widget on this page to try it.

import { useEffect, useRef, useState } from 'preact/hooks'
import type { Site } from '#protocol/entities.ts'
import { wholeSnippet } from '../shared/site/whole-snippet.ts'
import { Banner } from '../shared/ui/banner.tsx'
import { Button } from '../shared/ui/button.tsx'
import { CopyField } from '../shared/ui/copy-field.tsx'
import { ChatIcon } from '../shared/ui/icons.tsx'
import { pageApi } from './page-api.ts'
import styles from './setup.module.css'
import { texts } from './texts.ts'

export function Done({ site }: { site: Site }) {
  const heading = useRef<HTMLHeadingElement>(null)
  const [isWidgetReady, setIsWidgetReady] = useState(false)
  const t = texts.value

  useEffect(() => {
    heading.current?.focus()
    pageApi()('boot', { site: site.key })
    pageApi()('on', 'ready', () => setIsWidgetReady(true))
  }, [site.key])

  return (
    <div class={styles.done}>
      <div>
        <h1 ref={heading} tabIndex={-1}>
          {t.doneTitle}
        </h1>
        <p class={styles.intro}>{t.doneIntro}</p>
      </div>
      <section>
        <h2>{t.embed}</h2>
        <p>{t.embedHint}</p>
        <CopyField text={wholeSnippet(site.snippet)} label={t.snippet} />
      </section>
      <section>
        <h2>{t.test}</h2>
        {!pageApi().isLoaded ? <Banner tone="warning">{t.testGone}</Banner> : <p>{t.testHint}</p>}
        <div class={styles.actions}>
          {isWidgetReady && (
            <Button icon={<ChatIcon size={18} />} onClick={() => pageApi()('open')}>
              {t.testOpen}
            </Button>
          )}
          <a href="/demo/" target="_blank" rel="noreferrer">
            {t.toDemo}
          </a>
        </div>
      </section>
      <a class={styles.primary} href="/console/" target="_blank" rel="noreferrer">
        {t.toConsole}
      </a>
    </div>
  )
}
