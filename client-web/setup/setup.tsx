// The steps of the setup: check, form, done, and the reasons why this link cannot be used.

import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { Site } from '#protocol/entities.ts'
import type { SetupState } from '#protocol/http.ts'
import { callApi } from '../shared/connection/call-api.ts'
import { Banner } from '../shared/ui/banner.tsx'
import { Button } from '../shared/ui/button.tsx'
import { KefuMark } from '../shared/ui/icons.tsx'
import { LanguageSelect } from '../shared/ui/language-select.tsx'
import { Skeleton } from '../shared/ui/loading.tsx'
import { Done } from './done.tsx'
import styles from './setup.module.css'
import { SetupForm } from './setup-form.tsx'
import { texts } from './texts.ts'

type Step = { name: 'asking' | 'unreachable' | 'used' | 'badCode' | 'form' } | { name: 'done'; site: Site }

export function Setup({ code }: { code: string }) {
  const [step, setStep] = useState<Step>({ name: 'asking' })
  const t = texts.value

  async function checkNeeded(): Promise<void> {
    setStep({ name: 'asking' })
    try {
      const { needed } = await callApi<SetupState>('/setup')
      setStep({ name: !needed ? 'used' : code === '' ? 'badCode' : 'form' })
    } catch {
      setStep({ name: 'unreachable' })
    }
  }

  useEffect(() => void checkNeeded(), [])
  useEffect(() => {
    document.title = t.title
  }, [t])

  return (
    <div class={styles.page}>
      <header class={styles.top}>
        <KefuMark size={32} />
        <LanguageSelect label={t.language} />
      </header>
      <main class={styles.main}>
        {step.name === 'asking' && (
          <>
            <h1>{t.title}</h1>
            <Skeleton label={t.loading} lines={6} />
          </>
        )}
        {step.name === 'unreachable' && (
          <>
            <h1>{t.title}</h1>
            <Banner
              tone="danger"
              action={
                <Button size="sm" onClick={() => void checkNeeded()}>
                  {t.tryAgain}
                </Button>
              }
            >
              {t.unreachable}
            </Banner>
          </>
        )}
        {step.name === 'used' && (
          <Message title={t.usedTitle}>
            <p>{t.usedText}</p>
            <pre>npm run reset-password -- USERNAME</pre>
            <p>
              <a class={styles.primary} href="/console/">
                {t.toConsole}
              </a>
            </p>
          </Message>
        )}
        {step.name === 'badCode' && (
          <Message title={t.codeTitle}>
            <p>{t.codeText}</p>
            <pre>{t.codeExample}</pre>
            <p>{t.codeRestart}</p>
          </Message>
        )}
        {step.name === 'form' && (
          <SetupForm
            code={code}
            onBadCode={() => setStep({ name: 'badCode' })}
            onUsed={() => setStep({ name: 'used' })}
            onDone={(site) => setStep({ name: 'done', site })}
          />
        )}
        {step.name === 'done' && <Done site={step.site} />}
      </main>
    </div>
  )
}

function Message({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <div class={styles.message}>
      <h1>{title}</h1>
      {children}
    </div>
  )
}
