// Validation of email addresses. Stricter than RFC 5321: it rejects characters with a meaning in links (quotes, %, &,
// ?, =). Letters of every script (RFC 6531) and single-label domains are valid.

const atom = "[\\p{L}\\p{M}\\p{N}_+\\-'!$*~]+"
const edge = '[\\p{L}\\p{N}]'
const label = `${edge}(?:[\\p{L}\\p{M}\\p{N}\\-]{0,61}[\\p{L}\\p{M}\\p{N}])?`

/**
 * At most 64 characters before the @ and 63 per label. The pattern is unambiguous, so matching takes linear time. Needs
 * the flag u.
 */
export const emailPattern = `^(?!.*\\p{Default_Ignorable_Code_Point})(?=[^@]{1,64}@)${atom}(?:\\.${atom})*@${label}(?:\\.${label})*$`

const email = new RegExp(emailPattern, 'u')

/** Check limits.emailLength first. */
export const isEmail = (text: string): boolean => email.test(text)
