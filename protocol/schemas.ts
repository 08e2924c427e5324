// The atoms that requests are made of, as TypeBox schemas. Server only: browser code may `import type` from here, never a value.

import { Type } from 'typebox'
import { emailPattern } from './email.ts'
import { limits } from './limits/wire.ts'
import { invisible } from './visible-text.ts'

// TypeBox checks lengths first and compiles patterns with the flag u. Every pattern is anchored and takes linear time.

/** No NUL and no lone surrogate: neither survives the way into the database and back unchanged. */
const cleanText = '^[^\\u0000\\uD800-\\uDFFF]*$'
/** At least one character can be seen. Lazy: most texts begin with one. */
const seen = `(?=[\\s\\S]*?[^${invisible}])`
/** What may stand on one line: no control character and no separator of lines. */
const inLine = '[^\\p{Cc}\\u2028\\u2029\\uD800-\\uDFFF]'
const visibleText = `^${seen}[^\\u0000\\uD800-\\uDFFF]*$`
const visibleLine = `^${seen}${inLine}*$`

export const Id = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })
export const Seq = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })
export const ClientId = Type.String({ minLength: 1, maxLength: limits.clientIdLength, pattern: '^[A-Za-z0-9_-]+$' })
export const Content = Type.String({ minLength: 1, maxLength: limits.contentLength, pattern: visibleText })
export const MessageType = Type.Union([Type.Literal('text'), Type.Literal('image'), Type.Literal('file')])
/** What a message holds, wherever it is written. Which type needs what is decided in server/messages/validate-send.ts. */
export const messageParts = {
  clientMessageId: ClientId,
  type: Type.Optional(MessageType),
  content: Type.Optional(Content),
  attachmentId: Type.Optional(Id),
}
export const Name = Type.String({ minLength: 1, maxLength: limits.nameLength, pattern: visibleLine })
/** A shop's own id of a customer: one line, without blanks around it, which the database would not tell apart. */
export const ExternalId = Type.String({
  minLength: 1,
  maxLength: limits.externalIdLength,
  pattern: `^(?!\\s)${seen}${inLine}+(?<!\\s)$`,
})
export const Email = Type.String({ minLength: 3, maxLength: limits.emailLength, pattern: emailPattern })
export const Subject = Type.String({ minLength: 1, maxLength: limits.subjectLength, pattern: visibleLine })
export const PageSize = Type.Integer({ minimum: 1, maximum: limits.pageSize })
export const Cursor = Type.String({ minLength: 1, maxLength: limits.cursorLength, pattern: '^[A-Za-z0-9_-]+$' })
export const Token = Type.String({ minLength: 1, maxLength: limits.tokenLength, pattern: '^[\\x21-\\x7E]+$' })
export const Language = Type.Union([Type.Literal('en'), Type.Literal('zh-CN')])
export const View = Type.Union([
  Type.Literal('queue'),
  Type.Literal('mine'),
  Type.Literal('all'),
  Type.Literal('closed'),
])
export const AgentStatusValue = Type.Union([Type.Literal('online'), Type.Literal('busy'), Type.Literal('offline')])
/** Nothing in it is invisible, so that no two look alike but for that. */
export const Username = Type.String({
  minLength: 1,
  maxLength: limits.usernameLength,
  pattern: `^${seen}[^\\s\\p{Cc}\\p{Cf}\\p{Cs}\\p{Default_Ignorable_Code_Point}\\p{Noncharacter_Code_Point}\\u2800]+$`,
})
/** May be empty. */
export const Greeting = Type.String({
  maxLength: limits.greetingLength,
  pattern: `^(?:${seen}[^\\u0000\\uD800-\\uDFFF]+)?$`,
})
export const NewPassword = Type.String({
  minLength: limits.passwordMinLength,
  maxLength: limits.passwordMaxLength,
  pattern: cleanText,
})
export const Password = Type.String({ minLength: 1, maxLength: limits.passwordMaxLength, pattern: cleanText })
/** http or https, host and perhaps a port; no path, no trailing slash. */
export const Origin = Type.String({
  maxLength: limits.originLength,
  pattern: '^https?://(\\[[0-9a-fA-F:]+\\]|[a-z0-9]([a-z0-9.-]*[a-z0-9])?)(:[0-9]{1,5})?$',
})
export const Color = Type.String({ pattern: '^#[0-9a-fA-F]{6}$' })
export const WidgetPosition = Type.Union([Type.Literal('left'), Type.Literal('right')])

export const Page = Type.Object(
  {
    url: Type.String({ maxLength: limits.urlLength, pattern: '^https?://[^\\u0000-\\u0020\\uD800-\\uDFFF]+$' }),
    title: Type.String({ maxLength: limits.pageTitleLength, pattern: cleanText }),
  },
  { additionalProperties: false },
)
