// Text and icon buttons. A busy button keeps its size and focus and ignores clicks.

import type { ButtonHTMLAttributes, ComponentChildren } from 'preact'
import styles from './button.module.css'
import { Spinner } from './loading.tsx'

interface ButtonProps extends Omit<ButtonHTMLAttributes, 'size' | 'icon'> {
  variant?: 'primary' | 'secondary' | 'quiet' | 'danger'
  size?: 'md' | 'sm'
  busy?: boolean
  icon?: ComponentChildren
  /** Takes the full width. */
  fullWidth?: boolean
}

export function Button({
  variant = 'secondary',
  size = 'md',
  busy = false,
  fullWidth = false,
  icon,
  children,
  onClick,
  ...rest
}: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      class={`${styles.button} ${styles[variant]} ${styles[size]} ${fullWidth ? styles.fullWidth : ''}`}
      aria-busy={busy || undefined}
      aria-disabled={busy || undefined}
      onClick={busy ? (event) => event.preventDefault() : onClick}
    >
      {busy ? <Spinner size={16} /> : icon}
      {children}
    </button>
  )
}

interface IconButtonProps extends Omit<ButtonHTMLAttributes, 'icon' | 'label'> {
  /** Accessible name and tooltip. */
  label: string
  icon: ComponentChildren
}

export function IconButton({ label, icon, ...rest }: IconButtonProps) {
  return (
    <button type="button" title={label} aria-label={label} {...rest} class={styles.icon}>
      {icon}
    </button>
  )
}
