// Text, text area and select fields: empty, filled, with a hint, with an error, disabled.

import { SelectField, TextAreaField, TextField } from '../../shared/ui/field.tsx'
import { words } from '../samples/words.ts'
import { Specimen } from '../specimen.tsx'

export function Fields() {
  const { label, hint, error, value, option, longNotice } = words.value
  const options = [
    { value: 'right', label: option },
    { value: 'long', label: longNotice },
  ]
  return (
    <>
      <Specimen label="TextField" layout="column">
        <TextField label={label} />
        <TextField label={label} value={value} />
      </Specimen>
      <Specimen label="TextField hint, placeholder" layout="column">
        <TextField label={label} hint={hint} placeholder={value} />
      </Specimen>
      <Specimen label="TextField error, hint" layout="column">
        <TextField label={label} hint={hint} error={error} value={value} />
      </Specimen>
      <Specimen label="TextField disabled, readOnly" layout="column">
        <TextField label={label} value={value} disabled />
        <TextField label={label} value={value} readOnly />
      </Specimen>
      <Specimen label="TextField type=password, color" layout="column">
        <TextField label={label} type="password" value={value} autoComplete="off" />
        <TextField label={label} type="color" value="#0f766e" />
      </Specimen>
      <Specimen label="TextAreaField, error" layout="column">
        <TextAreaField label={label} value={longNotice} />
        <TextAreaField label={label} error={error} />
      </Specimen>
      <Specimen label="SelectField, error, disabled" layout="column">
        <SelectField label={label} options={options} value="right" />
        <SelectField label={label} options={options} value="long" error={error} />
        <SelectField label={label} options={options} value="right" disabled />
      </Specimen>
    </>
  )
}
