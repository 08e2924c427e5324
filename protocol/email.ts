// The one check of an email address. Stricter than RFC 5321 where a character would mean something in a link: no quotes, %, &, ? or =.
// Letters of every script are allowed (RFC 6531), and so is a domain of one label.

const atom = "[\\p{L}\\p{M}\\p{N}_+\\-'!$*~]+"
const edge = '[\\p{L}\\p{N}]'
const label = `${edge}(?:[\\p{L}\\p{M}\\p{N}\\-]{0,61}[\\p{L}\\p{M}\\p{N}])?`

/** At most 64 characters before the @ and 63 in each label. No part can match in two ways, so that matching takes linear time. Flag u. */
export const emailPattern = `^(?!.*\\p{Default_Ignorable_Code_Point})(?=[^@]{1,64}@)${atom}(?:\\.${atom})*@${label}(?:\\.${label})*$`

const email = new RegExp(emailPattern, 'u')

/** To be asked only of what is at most limits.emailLength long. */
export const isEmail = (text: string): boolean => email.test(text)
