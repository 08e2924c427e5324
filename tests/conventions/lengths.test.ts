// Each length is defined once, in protocol/limits/, and the columns of schema.sql agree with it.

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { serverLimits } from '#protocol/limits/server.ts'
import { limits } from '#protocol/limits/wire.ts'

/** The limit of every VARCHAR and CHAR column, in characters. */
const lengths: Record<string, number> = {
  // Site keys come in as client ids do.
  'sites.site_key': limits.clientIdLength,
  'sites.name': limits.nameLength,
  'sites.color': limits.colorLength,
  'sites.greeting': limits.greetingLength,
  'users.username': limits.usernameLength,
  'users.password_hash': serverLimits.passwordHashLength,
  'users.name': limits.nameLength,
  'users.email': limits.emailLength,
  'users.language': limits.localeLength,
  'users.external_id': limits.externalIdLength,
  'conversations.client_conversation_id': limits.clientIdLength,
  'conversations.subject': limits.subjectLength,
  'conversations.page_url': limits.urlLength,
  'conversations.page_title': limits.pageTitleLength,
  'messages.client_message_id': limits.clientIdLength,
  'attachments.stored_name': serverLimits.randomNameLength,
  'attachments.name': serverLimits.storedAttachmentNameLength,
  'attachments.mime_type': serverLimits.mimeTypeLength,
  'nodes.database_node': serverLimits.databaseNodeLength,
  'nodes.id': serverLimits.randomNameLength,
  'nodes.label': serverLimits.nodeLabelLength,
  'agent_connections.node_id': serverLimits.randomNameLength,
  'login_sessions.user_agent': serverLimits.userAgentLength,
  'list_versions.name': serverLimits.listNameLength,
  'database_epoch.epoch': serverLimits.randomNameLength,
  'database_epoch.server': serverLimits.randomNameLength,
  'schema_migrations.name': serverLimits.migrationNameLength,
}

/** Length by `table.column`. */
function columnLengths(schema: string): Record<string, number> {
  const found: Record<string, number> = {}
  for (const [, table, body = ''] of schema.matchAll(/^CREATE TABLE (\w+) \((.*?)^\)/gms)) {
    for (const [, column, length] of body.matchAll(/^ {2}(\w+) (?:VAR)?CHAR\((\d+)\)/gm))
      found[`${table}.${column}`] = Number(length)
  }
  return found
}

const schema = readFileSync(new URL('../../schema.sql', import.meta.url), 'utf8')

test('every VARCHAR and CHAR column has the length of its limit', () => {
  expect(columnLengths(schema)).toEqual(lengths)
})

test('the reading of the schema finds every length in it', () => {
  const types = schema
    .replaceAll(/--.*/g, '')
    .replaceAll(/'(?:[^']|'')*'/g, '')
    .match(/\bCHAR\(|\bVARCHAR\(/g)
  expect(Object.keys(columnLengths(schema))).toHaveLength(types?.length ?? 0)
})

test('an attachment name of full length fits its column', () => {
  expect(limits.attachmentNameLength).toBeLessThanOrEqual(serverLimits.storedAttachmentNameLength)
})

test('no length of schema.sql is repeated as a number in a request schema', () => {
  const files = ['../../protocol/schemas.ts', '../../protocol/http.ts', '../../protocol/requests.ts']
  for (const file of files) {
    const source = readFileSync(new URL(file, import.meta.url), 'utf8')
    expect([...source.matchAll(/maxLength: ?\d+/g)].map(([text]) => text)).toEqual([])
  }
})
