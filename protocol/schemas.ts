// TypeBox schemas for the fields of requests. Server only: browser code may `import type` from here, never a value.

import { Type } from 'typebox'
import { emailPattern } from './email.ts'
import { errorCodes } from './errors.ts'
import { limits } from './limits/wire.ts'
import { invisible } from './visible-text.ts'

// TypeBox checks lengths before patterns and compiles these with the flag u. Every pattern is anchored and takes linear
// time.

/** No NUL and no lone surrogate: the database would not return them unchanged. */
const cleanText = '^[^\\u0000\\uD800-\\uDFFF]*$'
/** At least one visible character. Lazy, since most texts begin with one. */
const someVisible = `(?=[\\s\\S]*?[^${invisible}])`
/** A character of single-line text: no control character and no line separator. */
const lineCharacter = '[^\\p{Cc}\\u2028\\u2029\\uD800-\\uDFFF]'
const visibleText = `^${someVisible}[^\\u0000\\uD800-\\uDFFF]*$`
const visibleLine = `^${someVisible}${lineCharacter}*$`

export const Id = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })
export const Seq = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })
export const ClientId = Type.String({ minLength: 1, maxLength: limits.clientIdLength, pattern: '^[A-Za-z0-9_-]+$' })
export const Content = Type.String({ minLength: 1, maxLength: limits.contentLength, pattern: visibleText })
export const MessageType = Type.Union([Type.Literal('text'), Type.Literal('image'), Type.Literal('file')])
/**
 * Fields of every request that sends a message. server/messages/validate-send.ts checks which type needs which field.
 */
export const messageParts = {
  clientMessageId: ClientId,
  type: Type.Optional(MessageType),
  content: Type.Optional(Content),
  attachmentId: Type.Optional(Id),
}
export const Name = Type.String({ minLength: 1, maxLength: limits.nameLength, pattern: visibleLine })
/** The shop's own id of a customer. Single-line and trimmed: the database ignores trailing blanks in comparisons. */
export const ExternalId = Type.String({
  minLength: 1,
  maxLength: limits.externalIdLength,
  pattern: `^(?!\\s)${someVisible}${lineCharacter}+(?<!\\s)$`,
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
/** Without invisible characters, so that different usernames look different. */
export const Username = Type.String({
  minLength: 1,
  maxLength: limits.usernameLength,
  pattern: `^${someVisible}[^\\s\\p{Cc}\\p{Cf}\\p{Cs}\\p{Default_Ignorable_Code_Point}\\p{Noncharacter_Code_Point}\\u2800]+$`,
})
/** May be empty. */
export const Greeting = Type.String({
  maxLength: limits.greetingLength,
  pattern: `^(?:${someVisible}[^\\u0000\\uD800-\\uDFFF]+)?$`,
})
export const NewPassword = Type.String({
  minLength: limits.passwordMinLength,
  maxLength: limits.passwordMaxLength,
  pattern: cleanText,
})
export const Password = Type.String({ minLength: 1, maxLength: limits.passwordMaxLength, pattern: cleanText })
/** http or https, host and optional port, without a path or trailing slash. */
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

export const ErrorBody = Type.Object(
  {
    code: Type.Enum(Object.keys(errorCodes)),
    message: Type.String(),
    retryable: Type.Boolean({ description: 'Whether the same request may succeed later.' }),
    details: Type.Optional(Type.Object({})),
  },
  { additionalProperties: false },
)
