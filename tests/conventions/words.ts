// The words that docs/GLOSSARY.md replaces, their replacements, and the places where one may stay.

export interface BannedWord {
  /** Matched against plain words; identifiers are split into theirs first. */
  pattern: RegExp
  instead: string
}

export const bannedWords: readonly BannedWord[] = [
  { pattern: /\b(tell|tells|telling|told|teller)\b/i, instead: 'publish, reply, notify, report, say' },
  { pattern: /(?<!\bwell-|\bwell )\bknown\b/i, instead: 'cached, estimated, identified, trusted, existing' },
  { pattern: /\banew\b/i, instead: 'again, from scratch' },
  { pattern: /\b(go|goes|going|gone|went) by\b/i, instead: 'use, follow' },
  { pattern: /\b(stands|standing)\b/i, instead: 'is, is stored, current' },
  { pattern: /\b(let|lets|letting) go\b/i, instead: 'release' },
  { pattern: /\b(hear|hears|heard|hearing)\b/i, instead: 'listen, receive' },
  { pattern: /\bas written\b|\blook over\b/i, instead: 'validate' },
  { pattern: /\bat once\b/i, instead: 'immediately, together, concurrently' },
  { pattern: /\b(mail|mails)\b/i, instead: 'email' },
  { pattern: /\b(picture|pictures)\b/i, instead: 'image' },
  { pattern: /\bone a line\b|\bonce a line\b/i, instead: 'per line' },
  { pattern: /\bwho has it\b|\bwhat is there\b/i, instead: 'name the subject' },
]

export interface Allowance {
  /** A file, or a folder with its trailing slash. */
  file: string
  /** Allows only lines that contain it; otherwise the whole file. */
  text?: string
  reason: string
}

/** Databases have applied these migrations and recorded their names. */
const appliedMigrations: readonly string[] = [
  '0002-create-sites.sql',
  '0005-fill-user-columns.sql',
  '0008-add-message-columns.sql',
  '0010-count-messages.sql',
  '0013-require-conversation-columns.sql',
  '0015-add-chosen-status.sql',
  '0021-conversations-changed-at.sql',
  '0022-fill-changed-at.sql',
  '0023-message-types.sql',
  '0024-create-attachments.sql',
  '0025-add-site-identity.sql',
  '0026-add-known-customers.sql',
]

export const allowances: readonly Allowance[] = [
  { file: 'tests/conventions/words.ts', reason: 'It contains the list itself.' },
  { file: 'tests/conventions/words.test.ts', reason: 'Its examples contain banned words.' },
  { file: 'server/auth/common-passwords.txt', reason: 'Passwords are no prose.' },
  {
    file: 'tests/screenshots/day.ts',
    text: 'I am sorry to hear that.',
    reason: 'An agent says this to a customer in plain English.',
  },
  {
    file: 'client-web/demo/index.html',
    text: 'the slope stands in the clouds',
    reason: 'The tea shop of the demo describes a tea garden.',
  },
  {
    file: 'schema.sql',
    text: 'COMMENT',
    reason: 'Column comments equal those of the applied migrations until a migration of the table rewords them.',
  },
  {
    file: 'server/auth/trusted-device.ts',
    text: 'known device',
    reason: 'It is part of what signs the cookies of trusted devices: a new word would end all of them.',
  },
  ...appliedMigrations.map((name) => ({
    file: `db/schema/migrations/${name}`,
    reason: 'An applied migration must not change.',
  })),
]
