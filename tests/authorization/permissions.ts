// Who may do what: "Who may" of PROTOCOL.md as a table. Each request or route has one row per state of the
// conversation, and one column per actor. The matrix runs every cell, and fails for a request or route without a row
// and for a row without one.
//
// sees: succeeds without a change or an event · ok: succeeds and may change things · local: sees, for callers on this
// machine; for others not_found · anything else: refused with that code, without a change or an event
//
// state: any means one row each for open, pending and closed; - is about no conversation.

/**
 * `holder` is the assigned agent, or the previous one once the conversation is open. `nobody` is everyone without a
 * valid token.
 */
export const columns = ['nobody', 'owner', 'stranger', 'holder', 'colleague', 'admin'] as const
export type Column = (typeof columns)[number]

export const states = ['open', 'pending', 'closed'] as const
export type State = (typeof states)[number]

/** Without a valid token there is no connection, so each outcome of `nobody` is unauthorized. */
export const overSockets = `
  request                state    owner     stranger   holder               colleague        admin
  session:renew          -        sees      sees       sees                 sees             sees
  conversation:start     -        ok        ok         forbidden            forbidden        forbidden
  conversation:open      any      sees      not_found  sees                 sees             sees
  conversation:leave     any      sees      sees       sees                 sees             sees
  conversation:list      -        sees      sees       sees                 sees             sees
  conversation:count     -        forbidden forbidden  sees                 sees             sees
  conversation:claim     open     forbidden forbidden  ok                   ok               ok
  conversation:claim     pending  forbidden forbidden  sees                 already_claimed  already_claimed
  conversation:claim     closed   forbidden forbidden  conversation_closed  conversation_closed conversation_closed
  conversation:transfer  open     forbidden forbidden  forbidden            forbidden        ok
  conversation:transfer  pending  forbidden forbidden  ok                   forbidden        ok
  conversation:transfer  closed   forbidden forbidden  conversation_closed  forbidden        conversation_closed
  conversation:release   open     forbidden forbidden  forbidden            forbidden        sees
  conversation:release   pending  forbidden forbidden  ok                   forbidden        ok
  conversation:release   closed   forbidden forbidden  conversation_closed  forbidden        conversation_closed
  conversation:close     open     ok        not_found  forbidden            forbidden        ok
  conversation:close     pending  ok        not_found  ok                   forbidden        ok
  conversation:close     closed   sees      not_found  sees                 forbidden        sees
  conversation:reopen    open     sees      not_found  forbidden            forbidden        sees
  conversation:reopen    pending  sees      not_found  sees                 forbidden        sees
  conversation:reopen    closed   ok        not_found  ok                   forbidden        ok
  message:send           open     ok        not_found  forbidden            forbidden        ok
  message:send           pending  ok        not_found  ok                   forbidden        ok
  message:send           closed   ok        not_found  conversation_closed  forbidden        conversation_closed
  message:list           any      sees      not_found  sees                 sees             sees
  message:mark-read      open     ok        not_found  sees                 sees             sees
  message:mark-read      pending  ok        not_found  ok                   sees             sees
  message:mark-read      closed   ok        not_found  ok                   sees             sees
  typing:set             any      ok        not_found  ok                   ok               ok
  customer:set-blocked   -        forbidden forbidden  ok                   ok               ok
  agent:set-status       -        forbidden forbidden  ok                   ok               ok
  agent:list             -        forbidden forbidden  sees                 sees             sees
`

/** A single outcome applies to every column. HEAD has the row of GET. */
export const overHttp = `
  call                                         state    nobody        owner      stranger   holder     colleague  admin
  POST  /api/v1/auth/login                     -        unauthorized
  POST  /api/v1/auth/refresh                   -        unauthorized
  POST  /api/v1/auth/logout                    -        sees
  GET   /api/v1/setup                          -        sees
  POST  /api/v1/setup                          -        conflict
  GET   /api/v1/me                             -        unauthorized  forbidden  forbidden  sees       sees       sees
  PATCH /api/v1/me                             -        unauthorized  forbidden  forbidden  ok         ok         ok
  GET   /api/v1/me/sessions                    -        unauthorized  forbidden  forbidden  sees       sees       sees
  DELETE /api/v1/me/sessions                   -        unauthorized  forbidden  forbidden  ok         ok         ok
  DELETE /api/v1/me/sessions/:id               -        unauthorized  forbidden  forbidden  not_found  not_found  not_found
  GET   /api/v1/users                          -        unauthorized  forbidden  forbidden  forbidden  forbidden  sees
  POST  /api/v1/users                          -        unauthorized  forbidden  forbidden  forbidden  forbidden  ok
  PATCH /api/v1/users/:id                      -        unauthorized  forbidden  forbidden  forbidden  forbidden  ok
  GET   /api/v1/sites                          -        unauthorized  forbidden  forbidden  forbidden  forbidden  sees
  POST  /api/v1/sites                          -        unauthorized  forbidden  forbidden  forbidden  forbidden  ok
  PATCH /api/v1/sites/:id                      -        unauthorized  forbidden  forbidden  forbidden  forbidden  ok
  POST  /api/v1/sites/:id/identity-secret      -        unauthorized  forbidden  forbidden  forbidden  forbidden  ok
  GET   /api/v1/widget/sites/:key              -        sees
  POST  /api/v1/widget/session                 -        ok
  POST  /api/v1/widget/logout                  -        sees
  GET   /api/v1/conversations                  -        unauthorized  forbidden  forbidden  sees       sees       sees
  GET   /api/v1/conversations/:id              any      unauthorized  sees       not_found  sees       sees       sees
  GET   /api/v1/conversations/:id/messages     any      unauthorized  sees       not_found  sees       sees       sees
  POST  /api/v1/conversations/:id/messages     open     unauthorized  ok         not_found  forbidden  forbidden  ok
  POST  /api/v1/conversations/:id/messages     pending  unauthorized  ok         not_found  ok         forbidden  ok
  POST  /api/v1/conversations/:id/messages     closed   unauthorized  ok         not_found  conversation_closed forbidden conversation_closed
  POST  /api/v1/attachments                    -        unauthorized  ok         ok         ok         ok         ok
  GET   /api/v1/attachments/:id                any      unauthorized  sees       not_found  sees       sees       sees
  GET   /api/v1/attachments/:id/thumbnail      any      unauthorized  sees       not_found  sees       sees       sees
  GET   /healthz                               -        sees
  GET   /readyz                                -        sees
  GET   /metrics                               -        local
  GET   /api/docs                              -        local
  GET   /api/docs/json                         -        local
  GET   /api/docs/yaml                         -        local
  GET   /api/docs/static/*                     -        local
  GET   /api/docs/static/index.html            -        local
  GET   /api/docs/static/swagger-initializer.js -       local
  GET   /.well-known/security.txt              -        not_found
  GET   /                                      -        sees
  GET   /console                               -        sees
  GET   /console/                              -        sees
  GET   /console/*                             -        sees
  GET   /demo                                  -        sees
  GET   /demo/                                 -        sees
  GET   /setup                                 -        sees
  GET   /setup/                                -        sees
  GET   /widget/                               -        sees
  GET   /kefu.js                               -        sees
  GET   /assets/*                              -        sees
`

export interface Row {
  /** The name of a request, or method and route. */
  name: string
  state: State | null
  outcomes: Record<Column, string>
}

/** Parses a table whose names have this many words. A missing column is unauthorized. */
export function readTable(table: string, wordsOfName: 1 | 2): Row[] {
  const [head = [], ...lines] = table
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/ +/))
  const named = head.slice(2)
  return lines.flatMap((words) => {
    const name = words.slice(0, wordsOfName).join(' ')
    const [state = '', ...outcomes] = words.slice(wordsOfName)
    if (outcomes.length !== 1 && outcomes.length !== named.length)
      throw new Error(`${name}: ${outcomes.length} outcomes`)
    const outcomeOf = (column: Column) => {
      const at = named.indexOf(column)
      return at === -1 ? 'unauthorized' : (outcomes[outcomes.length === 1 ? 0 : at] as string)
    }
    const row = Object.fromEntries(columns.map((column) => [column, outcomeOf(column)])) as Row['outcomes']
    const stood = state === 'any' ? states : [state === '-' ? null : (state as State)]
    return stood.map((one) => ({ name, state: one, outcomes: row }))
  })
}
