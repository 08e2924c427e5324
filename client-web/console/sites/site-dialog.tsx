// Dialog to add or edit a site: name, allowed origins, appearance.

import { useState } from 'preact/hooks'
import type { Site, WidgetPosition } from '#protocol/entities.ts'
import type { NewSiteBody } from '#protocol/http.ts'
import { limits } from '#protocol/limits/wire.ts'
import { inSentence } from '#protocol/visible-text.ts'
import { originOf } from '../../shared/site/origin-of.ts'
import { SelectField, TextAreaField, TextField } from '../../shared/ui/field.tsx'
import { FormDialog } from '../layout/form-dialog.tsx'
import { callAsUser } from '../session/session.ts'
import { texts } from '../texts.ts'

interface SiteDialogProps {
  /** null to add one. */
  site: Site | null
  onClose: () => void
  onSaved: (site: Site) => void
}

const initialColor = '#0f766e'

export function SiteDialog({ site, onClose, onSaved }: SiteDialogProps) {
  const [name, setName] = useState(site?.name ?? '')
  const [origins, setOrigins] = useState(site?.origins.join('\n') ?? '')
  const [color, setColor] = useState(site?.color ?? initialColor)
  const [position, setPosition] = useState<WidgetPosition>(site?.position ?? 'right')
  const [greeting, setGreeting] = useState(site?.greeting ?? '')
  const [wrongLine, setWrongLine] = useState<string | null>(null)
  const t = texts.value.sites

  async function save(): Promise<boolean> {
    const lines = origins
      .split('\n')
      .map((line) => line.trim())
      .filter(Boolean)
    const wrong = lines.find((line) => originOf(line) === null)
    setWrongLine(wrong ?? null)
    if (wrong !== undefined) return false
    const body: NewSiteBody = {
      name: name.trim(),
      origins: [...new Set(lines.map((line) => originOf(line) as string))],
      color,
      position,
      greeting: greeting.trim() || null,
    }
    onSaved(await callAsUser<Site>(site ? `/sites/${site.id}` : '/sites', { method: site ? 'PATCH' : 'POST', body }))
    return true
  }

  return (
    <FormDialog
      title={site ? t.editTitle(inSentence(site.name)) : t.addTitle}
      submitLabel={site ? texts.value.save : t.add}
      onClose={onClose}
      onSubmit={save}
    >
      <TextField
        label={t.name}
        hint={t.nameHint}
        required
        maxLength={limits.nameLength}
        value={name}
        onInput={(event) => setName(event.currentTarget.value)}
      />
      <TextAreaField
        label={t.origins}
        hint={t.originsHint}
        error={wrongLine === null ? null : t.originsWrong(wrongLine)}
        spellcheck={false}
        value={origins}
        onInput={(event) => setOrigins(event.currentTarget.value)}
      />
      <TextField label={t.color} type="color" value={color} onInput={(event) => setColor(event.currentTarget.value)} />
      <SelectField
        label={t.position}
        options={(['right', 'left'] as const).map((value) => ({ value, label: t.positions[value] }))}
        value={position}
        onChange={(event) => setPosition(event.currentTarget.value as WidgetPosition)}
      />
      <TextAreaField
        label={t.greeting}
        hint={t.greetingHint}
        rows={2}
        maxLength={limits.greetingLength}
        value={greeting}
        onInput={(event) => setGreeting(event.currentTarget.value)}
      />
    </FormDialog>
  )
}
