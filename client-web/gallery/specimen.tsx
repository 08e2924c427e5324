// A section of the gallery, and one component in one state.

import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { Button } from '../shared/ui/button.tsx'
import styles from './specimen.module.css'
import { texts } from './texts.ts'

export type SectionName = keyof typeof texts.value.sections

export function Section({ name, children }: { name: SectionName; children: ComponentChildren }) {
  return (
    <section id={name} class={styles.section} aria-labelledby={`${name}-heading`}>
      <h2 id={`${name}-heading`}>{texts.value.sections[name]}</h2>
      <div class={styles.specimens}>{children}</div>
    </section>
  )
}

interface SpecimenProps {
  /** The component and its state, as in code. */
  label: string
  /** `row` wraps small components; `pane` is a framed column of the width that the component has on its screen. */
  layout?: 'row' | 'column' | 'pane' | 'wide'
  /** Height in rem of what scrolls or fills its parent. */
  height?: number
  children: ComponentChildren
}

export function Specimen({ label, layout = 'row', height, children }: SpecimenProps) {
  return (
    <figure class={`${styles.specimen} ${layout === 'wide' ? styles.full : ''}`}>
      <figcaption>
        <code>{label}</code>
      </figcaption>
      <div
        class={`${styles.stage} ${styles[layout === 'wide' ? 'pane' : layout]} ${height === undefined ? '' : styles.filled}`}
        style={height === undefined ? {} : { height: `${height}rem` }}
      >
        {children}
      </div>
    </figure>
  )
}

interface OpenerProps {
  label: string
  /** What the button opens. */
  children: (close: () => void) => ComponentChildren
}

/** What covers the page is behind a button. The accessibility tests press each. */
export function Opener({ label, children }: OpenerProps) {
  const [isOpen, setIsOpen] = useState(false)
  return (
    <>
      <Button data-opener onClick={() => setIsOpen(true)}>
        <code>{label}</code>
      </Button>
      {isOpen && children(() => setIsOpen(false))}
    </>
  )
}
