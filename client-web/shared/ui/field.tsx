// A form field: label, control, hint and error, linked for screen readers.

import type { ComponentChildren, ComponentProps } from 'preact'
import { useId } from 'preact/hooks'
import styles from './field.module.css'

interface FieldProps {
  label: string
  hint?: string | undefined
  error?: string | null | undefined
}

interface ControlAttributes {
  id: string
  class: string | undefined
  'aria-describedby': string | undefined
  'aria-invalid': true | undefined
}

interface ShellProps extends FieldProps {
  children: (attributes: ControlAttributes) => ComponentChildren
}

function Field({ label, hint, error, children }: ShellProps) {
  const id = useId()
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(' ')
  return (
    <div class={styles.field}>
      <label for={id}>{label}</label>
      {children({
        id,
        class: styles.control,
        'aria-describedby': described || undefined,
        'aria-invalid': error ? true : undefined,
      })}
      {hint && (
        <p id={`${id}-hint`} class={styles.hint}>
          {hint}
        </p>
      )}
      {error && (
        <p id={`${id}-error`} class={styles.error}>
          {error}
        </p>
      )}
    </div>
  )
}

export function TextField({ label, hint, error, ...rest }: FieldProps & ComponentProps<'input'>) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(attributes) => <input type="text" {...rest} {...attributes} />}
    </Field>
  )
}

export function TextAreaField({ label, hint, error, ...rest }: FieldProps & ComponentProps<'textarea'>) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(attributes) => <textarea rows={3} {...rest} {...attributes} />}
    </Field>
  )
}

type SelectFieldProps = FieldProps &
  ComponentProps<'select'> & {
    options: readonly { value: string; label: string }[]
  }

export function SelectField({ label, hint, error, options, value, ...rest }: SelectFieldProps) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(attributes) => (
        <select {...rest} {...attributes}>
          {options.map((option) => (
            <option key={option.value} value={option.value} selected={option.value === value}>
              {option.label}
            </option>
          ))}
        </select>
      )}
    </Field>
  )
}
