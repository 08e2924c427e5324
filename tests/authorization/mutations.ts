// Builds of Kefu that leave out one check each, and the test that must see it: the matrix, unless another is named. To add a check to the
// product means to add its removal here.

import type { Edit } from '../support/patched-source.ts'

export interface Removal extends Edit {
  /** The test file that fails, when it is not the matrix. */
  caughtBy?: string
}

const access = 'server/conversation-state/access.ts'
const callers = 'server/http/route-auth.ts'
const connection = 'server/realtime/connection.ts'
const sockets = 'server/realtime/socket-server.ts'
const tokens = 'server/auth/tokens.ts'
const sends = 'server/messages/write-path/plan-appends.ts'
const stillMay = 'server/auth/assert-still-may.ts'
const view = 'server/conversation-state/views.ts'
const tell = 'server/conversation-state/publish-conversation.ts'
const handles = 'assertCanManage(actor, conversation)'

const tokenTests = 'tests/accounts/tokens.test.ts'
const socketTests = 'tests/realtime/requests.test.ts'
const threatTests = 'tests/authorization/threats.test.ts'
const incidentTests = 'tests/authorization/incidents.test.ts'
const bodyTests = 'tests/authorization/body-under-way.test.ts'
const writeTests = 'tests/authorization/write-time.test.ts'
const blockedTests = 'tests/conversations/blocked-customers.test.ts'
const userTests = 'tests/accounts/users.test.ts'

/** Where an actor is read again. */
const writers: Record<string, string> = {
  'the state of a conversation changes': 'server/conversation-state/change-conversation.ts',
  'a conversation begins': 'server/conversations/start-conversation.ts',
  'a customer is blocked': 'server/customers/set-blocked.ts',
  'a status is chosen': 'server/agents/presence.ts',
  'a user is made': 'server/users/create-user.ts',
  'a user is changed': 'server/users/update-user.ts',
  'somebody changes their own account': 'server/users/update-me.ts',
  'a site is made': 'server/sites/create-site.ts',
  'a site is changed': 'server/sites/update-site.ts',
  'an identity secret is made': 'server/sites/new-identity-secret.ts',
  'a login is ended': 'server/auth/end-sessions.ts',
  'an upload is kept': 'server/attachments/upload-attachment.ts',
}

export const removals: Record<string, Removal> = {
  'the role that a socket request is for': {
    file: connection,
    find: 'if (!entry.roles.includes(actor.role))',
    put: 'if (false)',
  },
  'the role that a call is for': {
    file: callers,
    find: "if (!roles.includes(actor.role)) throw new AppError('forbidden', 'This is not for your role.')",
    put: '',
  },
  'that a call is for admins alone': {
    file: 'server/http/routes/users.ts',
    find: "http.get('/users', { config: admins }",
    put: "http.get('/users', { config: { roles: ['agent', 'admin'] } }",
  },
  'that a local call is asked on this machine': {
    file: callers,
    find: 'if (roles === undefined || !isLocal(app.config, request.raw)) throw noSuchRoute()',
    put: '',
  },
  'whose conversation it is': {
    file: access,
    find: '(isCustomer(actor) && conversation.customerId !== actor.userId)',
    put: 'false',
  },
  'who has the conversation': {
    file: access,
    find: '|| conversation.agentId === actor.userId) return',
    put: '|| true) return',
  },
  'whose conversation is subscribed to': {
    file: connection,
    find: 'await assertVisible(app, actor, conversationId)',
    put: '',
    caughtBy: 'tests/conversations/foreign-conversations.test.ts',
  },
  'that a conversation is checked before it is subscribed to': {
    file: connection,
    find: `await assertVisible(app, actor, conversationId)
  await socket.join(subscriptionRooms(actor, conversationId))`,
    put: `await socket.join(subscriptionRooms(actor, conversationId))
  await assertVisible(app, actor, conversationId).catch(async (error: unknown) => {
    await unsubscribe(connection, conversationId)
    throw error
  })`,
    caughtBy: 'tests/conversations/foreign-conversations.test.ts',
  },
  'whose conversation is read': {
    file: 'server/conversations/get-conversation.ts',
    find: 'assertCanView(actor, whole?.record)',
    put: '',
  },
  'whose messages are read': {
    file: 'server/messages/list-messages.ts',
    find: 'await assertVisible(app, actor, conversationId)',
    put: '',
  },
  'where somebody types': {
    file: 'server/conversations/set-typing.ts',
    find: 'await assertVisible(app, actor, conversationId)',
    put: '{ customerBlockedAt: null }',
  },
  'whose messages are marked as read': {
    file: 'server/messages/write-path/apply-receipts.ts',
    find: 'assertCanView(actor, state)',
    put: '',
  },
  'that a colleague who looks in marks nothing': {
    file: 'server/messages/write-path/apply-receipts.ts',
    find: 'upToSeq <= readSeq || !(await isParticipant(trx, actor, state))',
    put: 'upToSeq <= readSeq',
  },
  'who closes': { file: 'server/conversations/close-conversation.ts', find: handles, put: '' },
  'who reopens': { file: 'server/conversations/reopen-conversation.ts', find: handles, put: '' },
  'who releases': { file: 'server/conversations/release-conversation.ts', find: handles, put: '' },
  'who hands over': { file: 'server/conversations/transfer-conversation.ts', find: handles, put: '' },
  'who writes': { file: sends, find: handles, put: '' },
  'that nobody writes into a closed conversation but its customer': {
    file: sends,
    find: "if (!isCustomer(actor) && conversation.status === 'closed') {",
    put: 'if (false) {',
  },
  'whose list a customer gets': {
    file: 'server/conversations/list-conversations.ts',
    find: 'const page = isCustomer(actor)',
    put: 'const page = false',
  },
  'what a customer is answered of a conversation': {
    file: view,
    find: 'return isCustomer(actor) ? customerView(whole) : agentView(whole)',
    put: 'return agentView(whole)',
  },
  'what a customer is told of a conversation': {
    file: tell,
    find: 'app.publish(name, toCustomer, { conversation: customerView(whole), change })',
    put: 'app.publish(name, toCustomer, { conversation: agentView(whole), change })',
  },
  'which customer is told': {
    file: tell,
    find: 'const toCustomer = { userId: whole.record.customerId, ...reach }',
    put: 'const toCustomer = { customers: true, ...reach } as const',
  },
  'who is told of a message': {
    file: 'server/messages/write-path/publish-messages.ts',
    find: '{ conversationId: message.conversationId, userId: send.actor.userId }, message)',
    put: '{ conversationId: message.conversationId, customers: true }, message)',
  },
  'that unsent words go to agents alone': {
    file: 'server/conversations/set-typing.ts',
    find: 'const showsPreview = isCustomer(actor) && typing',
    put: 'const showsPreview = typing',
    caughtBy: 'tests/conversations/open-conversation.test.ts',
  },
  'that a blocked customer does not write': {
    file: access,
    find: "throw new AppError('forbidden', 'You cannot write here any more.')",
    put: 'return',
    caughtBy: 'tests/messages/send-message.test.ts',
  },
  "that a customer's session stands": {
    file: 'db/queries/customer-sessions.ts',
    find: ".where('customer_sessions.revoked_at', 'is', null)",
    put: '',
  },
  "that an agent's session stands": {
    file: 'db/queries/login-sessions.ts',
    find: ".where('login_sessions.revoked_at', 'is', null)",
    put: '',
  },
  'that a user is not disabled': {
    file: 'db/queries/login-sessions.ts',
    find: ".where('users.disabled_at', 'is', null)",
    put: '',
  },
  "whose session a customer's token names": {
    file: 'db/queries/customer-sessions.ts',
    find: ".where('users.id', '=', userId)",
    put: '',
  },
  'when a token ends': { file: tokens, find: 'clockTimestamp })', put: 'clockTimestamp, ignoreExpiration: true })' },
  'the one algorithm': {
    file: tokens,
    find: 'algorithms: [algorithm]',
    put: "algorithms: [algorithm, 'HS384', 'HS512']",
    caughtBy: tokenTests,
  },
  'the type of a token': { file: tokens, find: ' || header?.typ !== type', put: '', caughtBy: tokenTests },
  'the issuer of a token': {
    file: tokens,
    find: 'issuer, clockTimestamp',
    put: 'clockTimestamp',
    caughtBy: tokenTests,
  },
  'that a connection ends with its token': {
    file: sockets,
    find: "if (connection.expiresAt <= now) endConnection(connection, 'expired')",
    put: "if (connection.expiresAt <= 0) endConnection(connection, 'expired')",
    caughtBy: socketTests,
  },
  'whose token renews a connection': {
    file: 'server/auth/renew-session.ts',
    find: 'if (renewed.actor.userId !== actor.userId || renewed.actor.sessionId !== actor.sessionId) throw unauthorized()',
    put: '',
    caughtBy: socketTests,
  },
  'the origin of a connection': {
    file: 'server/realtime/socket-requests.ts',
    find: '!isSameOrigin(app.config, request.headers)',
    put: '!isSameOrigin(app.config, {})',
    caughtBy: socketTests,
  },
  'the origin of what uses the cookie': {
    file: 'server/http/auth-cookies.ts',
    find: "if (!isSameOrigin(app.config, request.headers)) throw new AppError('forbidden', 'This page may not call Kefu.')",
    put: '',
    caughtBy: 'tests/http/cookies.test.ts',
  },
  'that only known requests are requests': {
    file: connection,
    find: 'Object.hasOwn(requests, name)',
    put: 'name.length > 0',
    caughtBy: socketTests,
  },
  'that unknown keys are refused': {
    file: 'protocol/requests.ts',
    find: 'const closed = { additionalProperties: false } as const',
    put: 'const closed = { additionalProperties: true } as const',
    caughtBy: threatTests,
  },
  'that a token comes in its header alone': {
    file: callers,
    find: `bearerToken({ headers }: FastifyRequest): string | undefined {
  if ((headers.authorization ?? '').length > limits.credentialsLength) return undefined
  return /^Bearer +([^\\s]+)$/i.exec(headers.authorization ?? '')?.[1]`,
    put: `bearerToken({ headers, raw }: FastifyRequest): string | undefined {
  return /[ =]([^\\s=]+)$/i.exec(headers.authorization ?? raw.url ?? '')?.[1]`,
    caughtBy: threatTests,
  },
  'that a token comes in the handshake alone': {
    file: sockets,
    find: 'admit(app, socket.handshake.auth.token, session.address)',
    put: 'admit(app, socket.handshake.auth.token ?? socket.handshake.query.token, session.address)',
    caughtBy: threatTests,
  },
  'whose conversation brought an attachment': {
    file: 'server/attachments/read-attachment.ts',
    find: 'if (conversationId !== null) assertCanView(actor, await findConversationState(app.db, conversationId))',
    put: 'if (conversationId !== null) {}',
  },
  'whose upload is sent': {
    file: 'server/messages/write-path/claim-attachment.ts',
    find: 'found === undefined || found.uploaderId !== actor.userId',
    put: 'found === undefined',
    caughtBy: incidentTests,
  },
  'whose upload it is': {
    file: 'server/attachments/read-attachment.ts',
    find: 'else if (uploaderId !== actor.userId) throw noSuchAttachment()',
    put: '',
    caughtBy: incidentTests,
  },
  'that setting up happens once': {
    file: 'server/setup/setup.ts',
    find: 'if (!(await isSetupStillNeeded(app))) throw alreadyDone()',
    put: '',
  },
  'the code of setting up': {
    file: 'server/setup/setup.ts',
    find: 'timingSafeEqual(hash(code), hash(good))',
    put: 'code !== good.slice(1)',
    caughtBy: 'tests/accounts/setup.test.ts',
  },
  'that disabling somebody ends their connections': {
    file: 'server/users/update-user.ts',
    find: "if (ended) app.connections.end(ended, 'revoked')",
    put: '',
    caughtBy: userTests,
  },
  'that a new password ends other logins': {
    file: 'server/users/update-me.ts',
    find: 'await revokeLoginSessions(trx, actor.userId, actor.sessionId)',
    put: '',
    caughtBy: userTests,
  },
  'that a new password needs the old one': {
    file: 'server/users/update-me.ts',
    find: 'if (await checkPassword(app, asked)) return passwordHash',
    put: 'if (username) return passwordHash',
    caughtBy: userTests,
  },
  'that customers are not users to change': {
    file: 'server/users/update-user.ts',
    find: "if (account === undefined) throw new AppError('not_found', 'There is no such agent or admin.')",
    put: 'if (account === undefined) return { user: {} as User, ended: undefined }',
    caughtBy: userTests,
  },
  'that a password is not one everybody tries first': {
    file: 'server/users/create-user.ts',
    find: 'assertAcceptable(password, [user.username, user.name])',
    put: '',
    caughtBy: userTests,
  },
  'that a copied refresh token ends the session': {
    file: 'server/auth/refresh.ts',
    find: 'await revokeLoginSession(trx, sessionId)',
    put: '',
    caughtBy: 'tests/accounts/refresh.test.ts',
  },
  'that a resume token is of this site': {
    file: 'db/queries/customer-sessions.ts',
    find: '.$if(siteId !== undefined, (query)',
    put: '.$if(false, (query)',
    caughtBy: incidentTests,
  },
  'the secret of the session that is ended': {
    file: 'server/customers/end-session.ts',
    find: '!session || !(isSameHash(hash, session.tokenHash) || isSameHash(hash, session.previousHash))',
    put: '!session || hash.length === 0',
  },
  'which site an identity is for': {
    file: 'server/customers/verify-identity.ts',
    find: 'aud !== site.key || ',
    put: '',
    caughtBy: 'tests/accounts/identified-customers.test.ts',
  },
  'that the customer before is signed out': {
    file: 'server/customers/identify.ts',
    find: 'await revokeCustomerSession(trx, before.sessionId)',
    put: '',
    caughtBy: incidentTests,
  },
  'who may frame the widget': {
    file: 'server/http/routes/pages.ts',
    find: `pageHeaders(["'self'", ...(await siteOrigins(app, request.query.site))])`,
    put: `pageHeaders(['*'])`,
    caughtBy: 'tests/http/pages.test.ts',
  },
  'who vouches for an address': {
    file: 'server/shared/client-address.ts',
    find: ' && isTrusted(address, hop)',
    put: '',
    caughtBy: 'tests/http/callers.test.ts',
  },
  'how often a password is tried': {
    file: 'server/auth/check-password.ts',
    find: 'if (!fits) for (const [name, key] of buckets) rates.count(name, key)',
    put: '',
    caughtBy: 'tests/accounts/login.test.ts',
  },
  'that who is disabled gets no new token': {
    file: 'server/auth/refresh.ts',
    find: ' || user.isDisabled',
    put: '',
    caughtBy: 'tests/accounts/refresh.test.ts',
  },
  'that an admin remains': {
    file: 'server/users/update-user.ts',
    find: 'await assertAdminRemains(trx, account, changes)',
    put: '',
    caughtBy: userTests,
  },
  "that a blocked customer's typing is ignored": {
    file: 'server/conversations/set-typing.ts',
    find: 'if (isCustomer(actor) && customerBlockedAt !== null) return {}',
    put: '',
    caughtBy: blockedTests,
  },
  "that a blocked customer's receipts are ignored": {
    file: 'server/messages/write-path/apply-receipts.ts',
    find: 'return state.customerBlockedAt === null',
    put: 'return true',
    caughtBy: blockedTests,
  },
  'that a blocked customer changes no name': {
    file: 'server/customers/start-session.ts',
    find: 'if (known.isBlocked) return {}',
    put: '',
    caughtBy: blockedTests,
  },
  'that a conversation without a message rings for nobody': {
    file: tell,
    find: 'const isForAll = isVisibleToAgents(whole.record)',
    put: 'const isForAll = true',
    caughtBy: 'tests/conversations/empty-conversations.test.ts',
  },
  'how often a customer begins a conversation': {
    file: 'server/conversations/start-conversation.ts',
    find: "consumeByCustomer(app.rates, 'conversationStarts', actor.userId, actor.address)",
    put: '',
    caughtBy: 'tests/conversations/empty-conversations.test.ts',
  },
  'that a bad token is a beginning': {
    file: 'server/customers/start-session.ts',
    find: 'if (customerId === undefined) begin()',
    put: 'if (customerId === undefined) isCounted = true',
    caughtBy: 'tests/accounts/returning-customers.test.ts',
  },
  'that a blocked customer begins nothing': {
    file: 'server/conversations/start-conversation.ts',
    find: 'if (customer.isBlocked)',
    put: 'if (false)',
    caughtBy: 'tests/messages/send-message.test.ts',
  },
  'that a blocked customer uploads nothing': {
    file: 'server/attachments/upload-attachment.ts',
    find: 'if (await isBlocked(db, customerId))',
    put: 'if (false)',
    caughtBy: bodyTests,
  },
  'how many conversations a customer begins': {
    file: 'server/conversations/start-conversation.ts',
    find: ' >= limits.openConversationsPerCustomer',
    put: ' < 0',
    caughtBy: 'tests/conversations/start-conversation.test.ts',
  },
  'how many sessions an address begins': {
    file: 'server/customers/start-session.ts',
    find: "consumeByAddress(app.rates, 'sessions', address)",
    put: '',
    caughtBy: incidentTests,
  },
  'whose login is ended': {
    file: 'server/auth/end-sessions.ts',
    find: 'if (session?.userId === userId)',
    put: 'if (session)',
  },
  'that figures are for who shows METRICS_TOKEN': {
    file: 'server/http/routes/metrics.ts',
    find: 'if (given !== undefined && isSame(given, expected)) return',
    put: 'if (expected) return',
    caughtBy: 'tests/http/operators.test.ts',
  },
  'that a session is read again where something is written': {
    file: stillMay,
    find: 'if (found === undefined || actor.isEnded) throw unauthorized()',
    put: 'if (found === undefined) return { isBlocked: false }',
    caughtBy: writeTests,
  },
  'that a role is read again where something is written': {
    file: stillMay,
    find: "if (found.role !== actor.role) throw new AppError('forbidden', 'This is not for your role.')",
    put: '',
    caughtBy: writeTests,
  },
  'that nothing is done for who was ended, as far as this node knows': {
    file: access,
    find: 'if (actor.isEnded) throw unauthorized()',
    put: '',
    caughtBy: writeTests,
  },
  'that what waits for its turn is dropped': {
    file: connection,
    find: 'if (actor.isEnded) throw unauthorized()',
    put: '',
    caughtBy: writeTests,
  },
  'that a caller is read again at the end of the body': {
    file: callers,
    find: 'if (request.actor !== null && !request.wasWhole && Array.isArray(roles)) await admitCaller(request, reply, roles)',
    put: '',
    caughtBy: bodyTests,
  },
  'that ending a session ends calls under way': {
    file: 'server/realtime/connection-registry.ts',
    find: 'actors.end(match)',
    put: '',
    caughtBy: writeTests,
  },
  'that a session which ends while it is read is noticed': {
    file: 'server/auth/current-actors.ts',
    find: 'return found === undefined || one.isEnded ? undefined',
    put: 'return found === undefined ? undefined',
    caughtBy: writeTests,
  },
  'that a connection keeps its role': {
    file: 'server/auth/renew-session.ts',
    find: 'if (renewed.actor.role !== actor.role) throw unauthorized()',
    put: '',
    caughtBy: writeTests,
  },
  'that connections of a secret which ends are ended': {
    file: 'server/sites/new-identity-secret.ts',
    find: 'await connections.endLapsed()',
    put: '',
    caughtBy: writeTests,
  },
  'that a customer who was blocked meanwhile uploads nothing': {
    file: 'server/attachments/upload-attachment.ts',
    find: 'if (isBlocked) throw blocked()',
    put: '',
    caughtBy: bodyTests,
  },
  ...Object.fromEntries(
    Object.entries(writers).map(([name, file]): [string, Removal] => [
      `that an actor still may where ${name}`,
      { file, find: 'await assertStillMay(trx, actor)', put: '{ isBlocked: false }', caughtBy: writeTests },
    ]),
  ),
}
