// Replaces repeated schemas of a generated API description with references to named components.

import type { TSchema } from 'typebox'
import * as entities from './entities.ts'
import { ErrorReply } from './http.ts'
import { ErrorBody } from './schemas.ts'

const named = {
  Agent: entities.Agent,
  AgentConversation: entities.AgentConversation,
  Attachment: entities.Attachment,
  Conversation: entities.Conversation,
  ConversationCounts: entities.ConversationCounts,
  ConversationCustomer: entities.ConversationCustomer,
  Customer: entities.Customer,
  CustomerConversation: entities.CustomerConversation,
  Error: ErrorBody,
  ErrorReply,
  LoginSession: entities.LoginSession,
  Message: entities.Message,
  Person: entities.Person,
  Receipt: entities.Receipt,
  Site: entities.Site,
  SiteLook: entities.SiteLook,
  StartPage: entities.StartPage,
  User: entities.User,
  WidgetSite: entities.WidgetSite,
} satisfies Record<string, TSchema>

type Node = Record<string, unknown>

/**
 * Writes literals and unions of literals as one enum: @fastify/swagger rewrites `const`, which would hide equal
 * schemas.
 */
function canonical(node: unknown): unknown {
  if (typeof node !== 'object' || node === null) return node
  if (Array.isArray(node)) return node.map(canonical)
  const copy = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, canonical(value)])) as Node
  const { const: literal, anyOf, ...rest } = copy
  if (typeof literal === 'string') return { ...rest, type: 'string', enum: [literal] }
  if (!Array.isArray(anyOf)) return copy
  const members = anyOf as Node[]
  return members.every((member) => Array.isArray(member.enum))
    ? { ...rest, type: 'string', enum: members.flatMap((member) => member.enum) }
    : copy
}

const keyOf = (schema: unknown) => JSON.stringify(canonical(JSON.parse(JSON.stringify(schema))))
const nameOf = new Map(Object.entries(named).map(([name, schema]) => [keyOf(schema), name]))

/** Returns the description with references, and the components that it uses, sorted by name. */
export function extractComponents(description: unknown): { description: unknown; schemas: Record<string, unknown> } {
  const used = new Map<string, unknown>()

  function replace(node: unknown, isComponent = false): unknown {
    if (typeof node !== 'object' || node === null) return node
    const name = isComponent ? undefined : nameOf.get(JSON.stringify(node))
    if (name !== undefined) {
      if (!used.has(name)) {
        used.set(name, undefined)
        used.set(name, replace(node, true))
      }
      return { $ref: `#/components/schemas/${name}` }
    }
    if (Array.isArray(node)) return node.map((item) => replace(item))
    return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, replace(value)]))
  }

  const replaced = replace(canonical(JSON.parse(JSON.stringify(description))))
  const schemas = [...used].toSorted(([one], [other]) => (one < other ? -1 : 1))
  return { description: replaced, schemas: Object.fromEntries(schemas) }
}
