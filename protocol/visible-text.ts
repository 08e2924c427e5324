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

/** Letters that are written from right to left, of all scripts in their Unicode blocks. */
const rightToLeft = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u
const firstStrongIsolate = '\u2068'
const popDirectionalIsolate = '\u2069'

/** A name or title within a sentence: it reorders nothing beside it. Elements use <bdi> instead. */
export function inSentence(text: string): string {
  const clean = stripBidiControls(text)
  return rightToLeft.test(clean) ? firstStrongIsolate + clean + popDirectionalIsolate : clean
}

/** Removes bidi marks, embeddings, overrides and isolates, which would reorder text next to a name. */
export const stripBidiControls = (text: string): string => text.replace(bidiControls, '')
