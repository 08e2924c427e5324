// Text that people can see. Server and pages share these tests, so that the server accepts what a page lets through.

/** Characters that draw nothing alone, as the inside of a character class with the flag u: the blanks of Braille and Egyptian and the null
 * notehead have no property that says so. */
export const invisible =
  '\\s\\p{Cc}\\p{Cf}\\p{Cs}\\p{M}\\p{Default_Ignorable_Code_Point}\\p{Noncharacter_Code_Point}\\u2800\\u{13441}\\u{13442}\\u{1D159}'

const visible = new RegExp(`[^${invisible}]`, 'u')
const bidiControls = /\p{Bidi_Control}/gu

/** Whether anything of the text shows on a screen. */
export const hasVisibleCharacter = (text: string): boolean => visible.test(text)

/** Without marks, embeddings, overrides and isolates, which would reorder what stands beside a name. */
export const stripBidiControls = (text: string): string => text.replace(bidiControls, '')
