// Attachments of messages, and files that are about to be sent.

import { signal } from '@preact/signals'
import { useMemo } from 'preact/hooks'
import { DropHint } from '../../shared/attachments/drop-hint.tsx'
import { Lightbox } from '../../shared/attachments/lightbox.tsx'
import { fileIds, sampleFiles } from '../samples/files.ts'
import { failed, file, fromCustomer, image, own } from '../samples/items.ts'
import { words } from '../samples/words.ts'
import { Opener, Specimen } from '../specimen.tsx'
import { SampleList } from './messages.tsx'

export function Attachments() {
  const t = words.value
  return (
    <>
      <Specimen label="ImageThumbnail, with caption, tall" layout="pane">
        <SampleList
          items={() => [
            fromCustomer({ content: t.image, attachment: image(fileIds.image) }),
            own({ content: t.caption, attachment: image(fileIds.otherImage, { width: 320, height: 900 }) }),
          ]}
        />
      </Specimen>
      <Specimen label="ImageThumbnail loading, unreadable" layout="pane">
        <SampleList
          items={() => [
            fromCustomer({ content: t.image, attachment: image(fileIds.pending) }),
            fromCustomer({ content: t.image, attachment: image(fileIds.unreadable) }),
          ]}
        />
      </Specimen>
      <Specimen label="FileCard, long name, unreadable when pressed" layout="pane">
        <SampleList
          items={() => [
            fromCustomer({ content: t.file, attachment: file(fileIds.image) }),
            own({ content: t.longFile, attachment: file(fileIds.unreadable, t.longFile) }),
          ]}
        />
      </Specimen>
      <Specimen label="AttachmentView uploading" layout="pane">
        <Uploading />
      </Specimen>
      <Specimen label="AttachmentView failed" layout="pane">
        <SampleList
          items={() => [
            failed('too_large', { content: t.file, attachment: file(null) }),
            failed('conflict', { content: t.longFile, attachment: file(null, t.longFile) }),
          ]}
        />
      </Specimen>
      <Specimen label="DropHint" layout="pane" height={12}>
        <DropHint />
      </Specimen>
      <Specimen label="Lightbox">
        <Enlarged label="Lightbox" id={fileIds.image} />
        <Enlarged label="Lightbox loading" id={fileIds.pending} />
        <Enlarged label="Lightbox unreadable" id={fileIds.unreadable} />
      </Specimen>
    </>
  )
}

function Uploading() {
  const t = words.value
  const items = () => [
    own({ seq: null, status: 'sending', clientMessageId: 'half', content: t.file, attachment: file(null) }),
    own({ seq: null, status: 'sending', content: t.longFile, attachment: file(null, t.longFile) }),
  ]
  return <SampleList items={items} progress={new Map([['half', 0.5]])} />
}

function Enlarged({ label, id }: { label: string; id: number }) {
  const ids = Object.values(fileIds)
  const items = ids.map((each) => fromCustomer({ attachment: image(each) }))
  return <Opener label={label}>{(close) => <OpenLightbox items={items} id={id} onClose={close} />}</Opener>
}

function OpenLightbox({ items, id, onClose }: { items: ReturnType<typeof own>[]; id: number; onClose: () => void }) {
  const media = useMemo(
    () => ({ files: sampleFiles, progress: signal(new Map()), enlarged: signal<number | null>(id) }),
    [],
  )
  if (media.enlarged.value === null) onClose()
  return <Lightbox items={items} hasOlder={false} media={media} />
}
