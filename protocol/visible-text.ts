// Tests for visible text. Server and pages share them, so that the server accepts every text that a page accepts.

/**
 * The inside of a character class (flag u) of characters without a glyph of their own. Unicode has no property for the
 * blanks of Braille and Egyptian and for the null notehead.
 */
export const invisible =
  '\\s\\p{Cc}\\p{Cf}\\p{Cs}\\p{M}\\p{Default_Ignorable_Code_Point}\\p{Noncharacter_Code_Point}\\u2800\\u{13441}\\u{13442}\\u{1D159}'

const visible = new RegExp(`[^${invisible}]`, 'u')
const bidiControls = /\p{Bidi_Control}/gu

/** Whether the text shows anything on a screen. */
export const hasVisibleCharacter = (text: string): boolean => visible.test(text)

/** Removes bidi marks, embeddings, overrides and isolates, which would reorder text next to a name. */
export const stripBidiControls = (text: string): string => text.replace(bidiControls, '')
