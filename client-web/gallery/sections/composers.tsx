// The composer: empty, with text, near and over the limit, with files and rejected files.

import { signal } from '@preact/signals'
import { useEffect, useMemo, useState } from 'preact/hooks'
import { limits } from '#protocol/limits/wire.ts'
import { createFileSelection } from '../../shared/attachments/file-selection.ts'
import type { RejectedFile } from '../../shared/attachments/validate-files.ts'
import { Composer } from '../../shared/conversation/composer.tsx'
import { drawImage } from '../samples/files.ts'
import { words } from '../samples/words.ts'
import { Specimen } from '../specimen.tsx'

export function Composers() {
  const t = words.value
  return (
    <>
      <Specimen label="Composer empty" layout="pane">
        <SampleComposer />
      </Specimen>
      <Specimen label="Composer with text" layout="pane">
        <SampleComposer initial={t.lines} />
      </Specimen>
      <Specimen label="Composer near the limit" layout="pane" height={14}>
        <SampleComposer initial={t.short.repeat(limits.contentLength).slice(0, limits.contentLength - 12)} />
      </Specimen>
      <Specimen label="Composer over the limit" layout="pane" height={14}>
        <SampleComposer initial={t.short.repeat(limits.contentLength).slice(0, limits.contentLength + 12)} />
      </Specimen>
      <Specimen label="Composer with files" layout="pane">
        <SampleComposer files={[t.image, t.longFile]} />
      </Specimen>
      <Specimen label="Composer with rejected files" layout="pane">
        <SampleComposer rejected={['empty', 'too_large', 'type', 'too_many']} />
      </Specimen>
    </>
  )
}

interface SampleComposerProps {
  initial?: string
  files?: string[]
  rejected?: RejectedFile['reason'][]
}

function SampleComposer({ initial = '', files = [], rejected = [] }: SampleComposerProps) {
  const [text, setText] = useState(initial)
  const selection = useMemo(() => {
    const rejectedFiles = signal(rejected.map((reason) => ({ name: `${reason}.${words.value.file}`, reason })))
    return rejected.length > 0 ? { ...createFileSelection(), rejected: rejectedFiles } : createFileSelection()
  }, [])
  useEffect(() => {
    if (files.length > 0) void chooseFiles(files).then(selection.add)
  }, [])
  return (
    <Composer
      label={words.value.label}
      placeholder={words.value.hint}
      text={text}
      onText={setText}
      selection={selection}
      onSend={() => setText('')}
    />
  )
}

async function chooseFiles(names: string[]): Promise<File[]> {
  const image = await drawImage(160, 120, 172)
  return names.map((name) => {
    const isImage = name.endsWith('.png')
    return new File([isImage ? image : '%PDF-1.7'], name, { type: isImage ? 'image/png' : 'application/pdf' })
  })
}
