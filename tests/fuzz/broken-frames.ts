// Frames that are broken below the request level: engine.io and Socket.IO types, namespaces, acknowledgement ids,
// attachments, bytes.

import { requestSchemas } from '#protocol/requests.ts'
import type { Random } from '../chaos/random.ts'
import { damage, malformedText } from './malformed.ts'
import type { RawConnection } from './raw-connection.ts'

const names = Object.keys(requestSchemas)
/** Members of every object and of sockets, and the names that Socket.IO reserves. */
const strangeNames = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'valueOf',
  '__defineGetter__',
  'connect',
  'disconnect',
]
  .concat([
    'disconnecting',
    'connect_error',
    'newListener',
    'removeListener',
    'error',
    'emit',
    'join',
    '',
    'message:created',
    ' message:send',
    'MESSAGE:SEND',
  ])
  .map((name) => JSON.stringify(name))
  .concat(['0', '1e999', 'null', '{}', '[]', 'true'])
const namespaces = ['', '/,', '/admin,', '/__proto__,', '/?a=1,', '//,', '/,/,', `/${'n'.repeat(5_000)},`]
const ackIds = ['', '0', '00', '1', '1', '4294967296', '9007199254740993', '99999999999999999999', '-1', '1.5', '0x1']

export function sendBroken(connection: RawConnection, random: Random): void {
  const name = random.next() < 0.5 ? JSON.stringify(random.pick(names)) : random.pick(strangeNames)
  const args = random.pick([
    '',
    ',{}',
    `,${malformedText(random)}`,
    `,${malformedText(random)},${malformedText(random)}`,
    ',null',
    // Ids of nothing that exists: an admin may well release the first conversation.
    ',{"conversationId":4294967296}',
  ])
  const event = `[${name}${args}]`
  const namespace = random.next() < 0.6 ? '' : random.pick(namespaces)
  const id = random.pick(ackIds)
  const kind = random.between(0, 11)
  if (kind === 0) connection.send(`42${namespace}${id}${event}`)
  else if (kind === 1) connection.send(`4${random.between(0, 9)}${namespace}${id}${event}`)
  else if (kind === 2) connection.send(`${random.between(0, 9)}${random.pick(['', 'probe', event, '\u0000'])}`)
  else if (kind === 3) connection.send(damage(`42${namespace}${id}${event}`, random))
  else if (kind === 4) connection.send(damage(`42${id}${event}`, random), 'binary')
  else if (kind === 5) sendAttachments(connection, random, id, name)
  else if (kind === 6) connection.send(`43${id}${malformedText(random)}`)
  else if (kind === 7)
    connection.send(
      `40${namespace}${random.pick(['', '{}', '{"token":null}', '{"token":{}}', '[]', '1', malformedText(random)])}`,
    )
  else if (kind === 8)
    connection.send(`${random.pick(['41', '41/,', '44', '44{"message":1}', '45-', '451', '45-1-[]', '459-[]'])}`)
  else if (kind === 9) connection.send(malformedText(random))
  else if (kind === 10)
    connection.endWith(
      damage(random.pick(['\u0081\u00fe', '\u0089\u0080mask', '\u00c1\u0080', 'GET / HTTP/1.1\r\n\r\n']), random),
    )
  else for (const letter of `42${id}${event}`.slice(0, 40)) connection.send(letter)
}

/** A binary event with too few, too many or unnamed attachments, or placeholders that point nowhere. */
function sendAttachments(connection: RawConnection, random: Random, id: string, name: string): void {
  const announced = random.pick(['0', '1', '2', '3', '10', '-1', '99999999'])
  const placeholder = `{"_placeholder":true,"num":${random.pick(['0', '1', '-1', '0.5', '1e9', '"0"', 'null', '"__proto__"'])}}`
  const payload = random.pick([
    placeholder,
    `{"conversationId":${placeholder}}`,
    `[${placeholder},${placeholder}]`,
    malformedText(random),
  ])
  connection.send(`${random.pick(['45', '46'])}${announced}-${id}[${name},${payload}]`)
  for (let count = random.between(0, 3); count > 0; count--)
    connection.send(Buffer.alloc(random.pick([0, 1, 70_000])), 'binary')
}
