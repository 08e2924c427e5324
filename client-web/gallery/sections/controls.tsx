// Buttons, switches, the language select, and all icons.

import { useState } from 'preact/hooks'
import { Switch } from '../../console/layout/switch.tsx'
import { Button, IconButton } from '../../shared/ui/button.tsx'
import { CopyField } from '../../shared/ui/copy-field.tsx'
import * as icons from '../../shared/ui/icons.tsx'
import { LanguageSelect } from '../../shared/ui/language-select.tsx'
import { words } from '../samples/words.ts'
import { Specimen } from '../specimen.tsx'
import { texts } from '../texts.ts'

const variants = ['primary', 'secondary', 'quiet', 'danger'] as const
const { CheckIcon, CloseIcon, KefuMark, PlusIcon, ...others } = icons
const allIcons = { ...others, CheckIcon, CloseIcon, PlusIcon }

export function Controls() {
  const { action, label, notice } = words.value
  return (
    <>
      {(['md', 'sm'] as const).map((size) => (
        <Specimen key={size} label={`Button size=${size}`}>
          {variants.map((variant) => (
            <Button key={variant} variant={variant} size={size}>
              {action}
            </Button>
          ))}
        </Specimen>
      ))}
      <Specimen label="Button icon">
        {variants.map((variant) => (
          <Button key={variant} variant={variant} icon={<PlusIcon size={18} />}>
            {action}
          </Button>
        ))}
      </Specimen>
      <Specimen label="Button busy">
        {variants.map((variant) => (
          <Button key={variant} variant={variant} busy>
            {action}
          </Button>
        ))}
      </Specimen>
      <Specimen label="Button disabled">
        {variants.map((variant) => (
          <Button key={variant} variant={variant} disabled>
            {action}
          </Button>
        ))}
      </Specimen>
      <Specimen label="Button fullWidth" layout="column">
        <Button variant="primary" fullWidth>
          {action}
        </Button>
      </Specimen>
      <Specimen label="IconButton, IconButton disabled">
        <IconButton label={action} icon={<CloseIcon />} />
        <IconButton label={action} icon={<CheckIcon />} disabled />
      </Specimen>
      <Specimen label="Switch off, on, disabled" layout="column">
        <WorkingSwitch label={label} initial={false} />
        <WorkingSwitch label={label} initial />
        <Switch label={label} checked disabled onChange={() => {}} />
      </Specimen>
      <Specimen label="LanguageSelect">
        <LanguageSelect label={texts.value.language} />
      </Specimen>
      <Specimen label="CopyField" layout="column">
        <CopyField label={notice} text='<script async src="https://chat.example/kefu.js" data-site="shop"></script>' />
      </Specimen>
      <Specimen label="icons, KefuMark" layout="row">
        {Object.entries(allIcons).map(([name, Icon]) => (
          <span key={name} title={name}>
            <Icon />
          </span>
        ))}
        <KefuMark />
      </Specimen>
    </>
  )
}

function WorkingSwitch({ label, initial }: { label: string; initial: boolean }) {
  const [isOn, setIsOn] = useState(initial)
  return <Switch label={label} checked={isOn} onChange={setIsOn} />
}
