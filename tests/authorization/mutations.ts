// Builds of Kefu without one check each, and the test file that fails for each of them. A new check in the product
// needs a mutation here.

import type { Edit } from '../support/patched-source.ts'

export interface Mutation extends Edit {
  /** The test file that fails, if it is not matrix.test.ts. */
  caughtBy?: string
}

const access = 'server/conversation-state/access.ts'
const routeAuth = 'server/http/route-auth.ts'
const connection = 'server/realtime/connection.ts'
const sockets = 'server/realtime/socket-server.ts'
const tokens = 'server/auth/tokens.ts'
const planAppends = 'server/messages/write-path/plan-appends.ts'
const stillMay = 'server/auth/assert-still-may.ts'
const views = 'server/conversation-state/views.ts'
const publishConversation = 'server/conversation-state/publish-conversation.ts'
const canManage = 'assertCanManage(actor, conversation)'

const tokenTests = 'tests/accounts/tokens.test.ts'
const socketTests = 'tests/realtime/requests.test.ts'
const threatTests = 'tests/authorization/threats.test.ts'
const incidentTests = 'tests/authorization/incidents.test.ts'
const bodyTests = 'tests/authorization/body-under-way.test.ts'
const writeTests = 'tests/authorization/write-time.test.ts'
const blockedTests = 'tests/conversations/blocked-customers.test.ts'
const userTests = 'tests/accounts/users.test.ts'
const disabledTests = 'tests/accounts/disabled-agents.test.ts'

/** The functions that check the actor isRetry inside their transaction. */
const writers: Record<string, { file: string; within: string }> = {
  'changing a conversation': { file: 'server/conversation-state/change-conversation.ts', within: 'changeConversation' },
  'starting a conversation': { file: 'server/conversations/start-conversation.ts', within: 'startConversation' },
  'blocking a customer': { file: 'server/customers/set-blocked.ts', within: 'setBlocked' },
  'choosing a status': { file: 'server/agents/presence.ts', within: 'choose' },
  'creating a user': { file: 'server/users/create-user.ts', within: 'createUser' },
  'updating a user': { file: 'server/users/update-user.ts', within: 'updateUser' },
  'updating the own account': { file: 'server/users/update-me.ts', within: 'updateMe' },
  'creating a site': { file: 'server/sites/create-site.ts', within: 'createSite' },
  'updating a site': { file: 'server/sites/update-site.ts', within: 'updateSite' },
  'creating an identity secret': { file: 'server/sites/new-identity-secret.ts', within: 'newIdentitySecret' },
  'ending a login': { file: 'server/auth/end-sessions.ts', within: 'inAuthorizedTransaction' },
  'storing an upload': { file: 'server/attachments/upload-attachment.ts', within: 'storeUpload' },
}

export const mutations: Record<string, Mutation> = {
  'the role check of socket requests': {
    file: connection,
    find: '!entry.roles.includes(actor.role)',
    put: 'false',
    within: 'dispatch',
  },
  'the role check of HTTP requests': {
    file: routeAuth,
    find: "if (!roles.includes(actor.role)) throw new AppError('forbidden', 'Your role may not make this call.')",
    put: '',
    within: 'admitCaller',
  },
  'the restriction of GET /users to admins': {
    file: 'server/http/routes/users.ts',
    find: "http.get('/users', { config: admins, schema: calls['GET /users'] }, (request) => listUsers(app, agentOf(request)))",
    put: "http.get('/users', { config: { roles: ['agent', 'admin'] }, schema: calls['GET /users'] }, (request) => listUsers(app, agentOf(request)))",
    within: 'userRoutes',
  },
  'the restriction of local routes to this machine': {
    file: routeAuth,
    find: 'if (roles === undefined || !isLocal(app.config, request.raw)) throw routeNotFound()',
    put: '',
    within: 'guardRoutes',
  },
  'the owner check of conversations': {
    file: access,
    find: '(isCustomer(actor) && conversation.customerId !== actor.userId)',
    put: 'false',
    within: 'assertCanView',
  },
  'the assignee check of conversations': {
    file: access,
    find: 'conversation.agentId === actor.userId',
    put: 'true',
    within: 'assertCanManage',
  },
  'the access check of subscriptions': {
    file: connection,
    find: 'await assertVisible(app, actor, conversationId)',
    put: '',
    caughtBy: 'tests/conversations/strangers.test.ts',
    within: 'subscribe',
  },
  'the access check before a subscription': {
    file: connection,
    find: `await assertVisible(app, actor, conversationId)
  await socket.join(subscriptionRooms(actor, conversationId))`,
    put: `await socket.join(subscriptionRooms(actor, conversationId))
  await assertVisible(app, actor, conversationId).catch(async (error: unknown) => {
    await unsubscribe(connection, conversationId)
    throw error
  })`,
    caughtBy: 'tests/conversations/strangers.test.ts',
    within: 'subscribe',
  },
  'the access check of reading a conversation': {
    file: 'server/conversations/get-conversation.ts',
    find: 'assertCanView(actor, conversation?.record)',
    put: '',
    within: 'loadVisible',
  },
  'the access check of listing messages': {
    file: 'server/messages/list-messages.ts',
    find: 'await assertVisible(app, actor, conversationId)',
    put: '',
    within: 'listMessages',
  },
  'the access check of typing': {
    file: 'server/conversations/set-typing.ts',
    find: 'await assertVisible(app, actor, conversationId)',
    put: '{ customerBlockedAt: null }',
    within: 'setTyping',
  },
  'the access check of read receipts': {
    file: 'server/messages/write-path/apply-receipts.ts',
    find: 'assertCanView(actor, state)',
    put: '',
    within: 'applyReceipts',
  },
  'the restriction of read receipts to participants': {
    file: 'server/messages/write-path/apply-receipts.ts',
    find: 'upToSeq <= readSeq || !(await isParticipant(trx, actor, state))',
    put: 'upToSeq <= readSeq',
    within: 'applyReceipts',
  },
  'the permission check of closing': {
    file: 'server/conversations/close-conversation.ts',
    find: canManage,
    put: '',
    within: 'closeConversation',
  },
  'the permission check of reopening': {
    file: 'server/conversations/reopen-conversation.ts',
    find: canManage,
    put: '',
    within: 'reopenConversation',
  },
  'the permission check of releasing': {
    file: 'server/conversations/release-conversation.ts',
    find: canManage,
    put: '',
    within: 'releaseConversation',
  },
  'the permission check of transferring': {
    file: 'server/conversations/transfer-conversation.ts',
    find: canManage,
    put: '',
    within: 'transferConversation',
  },
  'the permission check of sending': { file: planAppends, find: canManage, put: '', within: 'assertMaySend' },
  'the restriction of closed conversations to their customer': {
    file: planAppends,
    find: "!isCustomer(actor) && conversation.status === 'closed'",
    put: 'false',
    within: 'assertMaySend',
  },
  'the restriction of a customer to their own list': {
    file: 'server/conversations/list-conversations.ts',
    find: 'isCustomer(actor)',
    put: 'false',
    within: 'listConversations',
  },
  'the customer view in replies': {
    file: views,
    find: 'return isCustomer(actor) ? customerView(conversation) : agentView(conversation)',
    put: 'return agentView(conversation)',
    within: 'conversationView',
  },
  'the customer view in events': {
    file: publishConversation,
    find: 'app.publish(name, toCustomer, { conversation: customerView(conversation), change })',
    put: 'app.publish(name, toCustomer, { conversation: agentView(conversation), change })',
    within: 'publishToCustomer',
  },
  'the restriction of conversation events to the customer': {
    file: publishConversation,
    find: 'const toCustomer = { userId: conversation.record.customerId, ...reach }',
    put: 'const toCustomer = { customers: true, ...reach } as const',
    within: 'publishToCustomer',
  },
  'the restriction of message events to sender and subscribers': {
    file: 'server/messages/write-path/publish-messages.ts',
    find: '{ conversationId: message.conversationId, userId: send.actor.userId }',
    put: '{ conversationId: message.conversationId, customers: true }',
    within: 'publishMessages',
  },
  'the restriction of typing previews to agents': {
    file: 'server/conversations/set-typing.ts',
    find: 'isCustomer(actor) && typing',
    put: 'typing',
    caughtBy: 'tests/conversations/open-conversation.test.ts',
    within: 'setTyping',
  },
  'the block check of sending': {
    file: access,
    find: "throw new AppError('forbidden', 'You cannot write here any more.')",
    put: 'return',
    caughtBy: 'tests/messages/send-message.test.ts',
    within: 'assertCanManage',
  },
  'the revocation check of customer sessions': {
    file: 'db/queries/customer-sessions.ts',
    find: ".where('customer_sessions.revoked_at', 'is', null)",
    put: '',
    within: 'activeSessions',
  },
  'the revocation check of login sessions': {
    file: 'db/queries/login-sessions.ts',
    find: ".where('login_sessions.revoked_at', 'is', null)",
    put: '',
    within: 'activeSessions',
  },
  'the check for disabled users': {
    file: 'db/queries/login-sessions.ts',
    find: ".where('users.disabled_at', 'is', null)",
    put: '',
    within: 'activeSessions',
  },
  'the user check of customer sessions': {
    file: 'db/queries/customer-sessions.ts',
    find: ".where('users.id', '=', userId)",
    put: '',
    within: 'customerOfSession',
  },
  'the expiry check of tokens': {
    file: tokens,
    find: 'issuer, clockTimestamp',
    put: 'issuer, clockTimestamp, ignoreExpiration: true',
    within: 'readClaims',
  },
  'the algorithm check of tokens': {
    file: tokens,
    find: 'algorithms: [algorithm]',
    put: "algorithms: [algorithm, 'HS384', 'HS512']",
    within: 'readClaims',
    caughtBy: tokenTests,
  },
  'the type check of tokens': {
    file: tokens,
    find: 'header?.typ !== type',
    put: 'false',
    within: 'readClaims',
    caughtBy: tokenTests,
  },
  'the issuer check of tokens': {
    file: tokens,
    find: 'issuer, clockTimestamp',
    put: 'clockTimestamp',
    within: 'readClaims',
    caughtBy: tokenTests,
  },
  'the close of connections with an expired token': {
    file: sockets,
    find: "if (connection.expiresAt <= now) endConnection(connection, 'expired')",
    put: "if (connection.expiresAt <= 0) endConnection(connection, 'expired')",
    within: 'serveRealtime',
    caughtBy: socketTests,
  },
  'the session check of token renewal': {
    file: 'server/auth/renew-session.ts',
    find: 'if (renewed.actor.userId !== actor.userId || renewed.actor.sessionId !== actor.sessionId) throw unauthorized()',
    put: '',
    within: 'renewSession',
    caughtBy: socketTests,
  },
  'the origin check of connections': {
    file: 'server/realtime/socket-requests.ts',
    find: '!isSameOrigin(app.config, request.headers)',
    put: '!isSameOrigin(app.config, {})',
    within: 'admit',
    caughtBy: socketTests,
  },
  'the origin check of requests with the cookie': {
    file: 'server/http/auth-cookies.ts',
    find: "if (!isSameOrigin(app.config, request.headers)) throw new AppError('forbidden', 'Call this from a page of Kefu.')",
    put: '',
    caughtBy: 'tests/http/cookies.test.ts',
    within: 'requireSameOrigin',
  },
  'the check for unknown request names': {
    file: connection,
    find: 'Object.hasOwn(requests, name)',
    put: 'name.length > 0',
    within: 'isRequestName',
    caughtBy: socketTests,
  },
  'the rejection of unknown keys': {
    file: 'protocol/requests.ts',
    find: 'const closed = { additionalProperties: false } as const',
    put: 'const closed = { additionalProperties: true } as const',
    caughtBy: threatTests,
  },
  'the restriction of HTTP tokens to the Authorization header': {
    file: routeAuth,
    find: `export function bearerToken({ headers }: FastifyRequest): string | undefined {
  if ((headers.authorization ?? '').length > limits.credentialsLength) return undefined
  return /^Bearer +([^\\s]+)$/i.exec(headers.authorization ?? '')?.[1]
}`,
    put: `export function bearerToken({ headers, raw }: FastifyRequest): string | undefined {
  return /[ =]([^\\s=]+)$/i.exec(headers.authorization ?? raw.url ?? '')?.[1]
}`,
    caughtBy: threatTests,
  },
  'the restriction of socket tokens to the handshake': {
    file: sockets,
    find: 'admit(app, socket.handshake.auth.token, session.address)',
    put: 'admit(app, socket.handshake.auth.token ?? socket.handshake.query.token, session.address)',
    within: 'serveRealtime',
    caughtBy: threatTests,
  },
  'the access check of an attachment in a conversation': {
    file: 'server/attachments/read-attachment.ts',
    find: 'assertCanView(actor, await findConversationState(app.db, conversationId))',
    put: '',
    within: 'readAttachment',
  },
  'the owner check of sending an upload': {
    file: 'server/messages/write-path/claim-attachment.ts',
    find: 'found === undefined || found.uploaderId !== actor.userId',
    put: 'found === undefined',
    within: 'claimAttachment',
    caughtBy: incidentTests,
  },
  'the owner check of reading an upload': {
    file: 'server/attachments/read-attachment.ts',
    find: 'if (uploaderId !== actor.userId) throw noSuchAttachment()',
    put: '',
    within: 'readAttachment',
    caughtBy: incidentTests,
  },
  'the restriction of the setup to one run': {
    file: 'server/setup/setup.ts',
    find: 'if (!(await isSetupNeededCached(app))) throw alreadyDone()',
    put: '',
    within: 'setup',
  },
  'the check of the setup code': {
    file: 'server/setup/setup.ts',
    find: 'timingSafeEqual(hash(code), hash(good))',
    put: 'code !== good.slice(1)',
    caughtBy: 'tests/accounts/setup.test.ts',
    within: 'checkCode',
  },
  'the close of connections of a disabled user': {
    file: 'server/users/update-user.ts',
    find: "if (ended) app.connections.end(ended, 'revoked')",
    put: '',
    within: 'updateUser',
    caughtBy: userTests,
  },
  'the question before an agent with conversations is disabled': {
    file: 'server/users/update-user.ts',
    find: 'await assertNothingInProgress(trx, id)',
    put: '',
    within: 'updateUser',
    caughtBy: disabledTests,
  },
  'the lock of the target of a transfer': {
    file: 'db/queries/agents.ts',
    find: '.modifyEnd(sql`lock in share mode`)',
    put: '',
    within: 'lockEnabledAgent',
    caughtBy: disabledTests,
  },
  'the restriction of transfers to enabled agents': {
    file: 'server/conversations/transfer-conversation.ts',
    find: "if (target === undefined) throw new AppError('not_found', 'There is no such agent.')",
    put: "target ??= { status: 'online' }",
    within: 'transferConversation',
    caughtBy: disabledTests,
  },
  'the question before a transfer to an agent who is offline': {
    file: 'server/conversations/transfer-conversation.ts',
    find: "target.status === 'offline' && agentId !== actor.userId && !anyway",
    put: 'false',
    within: 'transferConversation',
    caughtBy: 'tests/conversations/transfer-conversation.test.ts',
  },
  'the restriction of reopening to enabled agents': {
    file: 'server/conversations/reopen-conversation.ts',
    find: 'conversation.agentId === enabledAgentId',
    put: 'conversation.agentId !== null',
    within: 'reopenConversation',
    caughtBy: disabledTests,
  },
  'the restriction of the release to disabled agents': {
    file: 'server/agents/release-disabled.ts',
    find: 'if (!(await lockDisabledAgent(trx, agentId))) return 0',
    put: '',
    within: 'releaseBatch',
    caughtBy: disabledTests,
  },
  'the status of a disabled agent': {
    file: 'db/queries/agents.ts',
    find: ".where('users.disabled_at', 'is', null)",
    put: '',
    within: 'refreshAgentStatus',
    caughtBy: disabledTests,
  },
  'the revocation of other logins with a new password': {
    file: 'server/users/update-me.ts',
    find: 'await revokeLoginSessions(trx, actor.userId, actor.sessionId)',
    put: '',
    within: 'updateMe',
    caughtBy: userTests,
  },
  'the check of the current password': {
    file: 'server/users/update-me.ts',
    find: 'if (await checkPassword(app, attempt)) return passwordHash',
    put: 'if (username) return passwordHash',
    within: 'verifyOldPassword',
    caughtBy: userTests,
  },
  'the restriction of user changes to agents and admins': {
    file: 'server/users/update-user.ts',
    find: "if (account === undefined) throw new AppError('not_found', 'There is no such agent or admin.')",
    put: 'if (account === undefined) return { user: {} as User, ended: undefined }',
    within: 'updateUser',
    caughtBy: userTests,
  },
  'the check for common passwords': {
    file: 'server/users/create-user.ts',
    find: 'assertAcceptable(password, [user.username, user.name])',
    put: '',
    within: 'createUser',
    caughtBy: userTests,
  },
  'the revocation of a session with a reused refresh token': {
    file: 'server/auth/refresh.ts',
    find: 'await revokeLoginSession(trx, session.id)',
    put: '',
    caughtBy: 'tests/accounts/refresh.test.ts',
    within: 'rotate',
  },
  'the site check of resume tokens': {
    file: 'db/queries/customer-sessions.ts',
    find: 'siteId !== undefined',
    put: 'false',
    within: 'lockCustomerSession',
    caughtBy: incidentTests,
  },
  'the secret check of ending a customer session': {
    file: 'server/customers/end-session.ts',
    find: '!session || !isRemembered(hash, session)',
    put: '!session || hash.length === 0',
    within: 'endSession',
  },
  'the site check of signed identities': {
    file: 'server/customers/verify-identity.ts',
    find: 'aud !== site.key',
    put: 'false',
    caughtBy: 'tests/accounts/identified-customers.test.ts',
    within: 'readClaims',
  },
  'the revocation of the previous customer session': {
    file: 'server/customers/identify.ts',
    find: 'await revokeCustomerSession(trx, before.sessionId)',
    put: '',
    within: 'identify',
    caughtBy: incidentTests,
  },
  'the restriction of sites that frame the widget': {
    file: 'server/http/routes/pages.ts',
    find: `pageHeaders(["'self'", ...(await siteOrigins(app, request.query.site))])`,
    put: `pageHeaders(['*'])`,
    caughtBy: 'tests/http/pages.test.ts',
    within: 'servePages',
  },
  'the trusted proxy check of client addresses': {
    file: 'server/shared/client-address.ts',
    find: 'isTrusted(address, hop)',
    put: 'true',
    caughtBy: 'tests/http/callers.test.ts',
    within: 'clientAddress',
  },
  'the rate limit of wrong passwords': {
    file: 'server/auth/check-password.ts',
    find: 'if (!isCorrect) for (const [name, key] of buckets) rates.count(name, key)',
    put: '',
    caughtBy: 'tests/accounts/login.test.ts',
    within: 'checkPassword',
  },
  'the check for disabled users at refresh': {
    file: 'server/auth/refresh.ts',
    find: 'user.isDisabled',
    put: 'false',
    caughtBy: 'tests/accounts/refresh.test.ts',
    within: 'rotate',
  },
  'the check for the last admin': {
    file: 'server/users/update-user.ts',
    find: 'await assertAdminRemains(trx, account, changes)',
    put: '',
    within: 'updateUser',
    caughtBy: userTests,
  },
  'the block check of typing': {
    file: 'server/conversations/set-typing.ts',
    find: 'if (isCustomer(actor) && customerBlockedAt !== null) return {}',
    put: '',
    within: 'setTyping',
    caughtBy: blockedTests,
  },
  'the block check of read receipts': {
    file: 'server/messages/write-path/apply-receipts.ts',
    find: 'return state.customerBlockedAt === null',
    put: 'return true',
    within: 'isParticipant',
    caughtBy: blockedTests,
  },
  'the block check of name changes': {
    file: 'server/customers/start-session.ts',
    find: 'if (current.isBlocked) return {}',
    put: '',
    within: 'changesOf',
    caughtBy: blockedTests,
  },
  'the restriction of empty conversations to their customer': {
    file: publishConversation,
    find: 'const isForAll = isVisibleToAgents(conversation.record)',
    put: 'const isForAll = true',
    caughtBy: 'tests/conversations/empty-conversations.test.ts',
    within: 'publishToAgents',
  },
  'the rate limit of conversation starts': {
    file: 'server/conversations/start-conversation.ts',
    find: "consumeByCustomer(app.rates, 'conversationStarts', actor.userId, actor.address)",
    put: '',
    caughtBy: 'tests/conversations/empty-conversations.test.ts',
    within: 'startConversation',
  },
  'the rate limit of sessions with a bad token': {
    file: 'server/customers/start-session.ts',
    find: 'begin()',
    put: 'isCounted = true',
    within: 'count',
    caughtBy: 'tests/accounts/returning-customers.test.ts',
  },
  'the block check of starting a conversation': {
    file: 'server/conversations/start-conversation.ts',
    find: 'customer.isBlocked',
    put: 'false',
    caughtBy: 'tests/messages/send-message.test.ts',
    within: 'startConversation',
  },
  'the block check before an upload': {
    file: 'server/attachments/upload-attachment.ts',
    find: 'await isBlocked(db, customerId)',
    put: 'false',
    within: 'assertMayUpload',
    caughtBy: bodyTests,
  },
  'the limit of open conversations per customer': {
    file: 'server/conversations/start-conversation.ts',
    find: '(await countUnfinishedOfCustomer(trx, actor.userId)) >= limits.openConversationsPerCustomer',
    put: 'false',
    caughtBy: 'tests/conversations/start-conversation.test.ts',
    within: 'insert',
  },
  'the rate limit of sessions per address': {
    file: 'server/customers/start-session.ts',
    find: "consumeByAddress(app.rates, 'sessions', address)",
    put: '',
    within: 'begin',
    caughtBy: incidentTests,
  },
  'the owner check of ending a login': {
    file: 'server/auth/end-sessions.ts',
    find: 'session?.userId === userId',
    put: 'session',
    within: 'endSession',
  },
  'the token check of metrics': {
    file: 'server/http/routes/metrics.ts',
    find: 'if (given !== undefined && isSame(given, expected)) return',
    put: 'if (expected) return',
    caughtBy: 'tests/http/operators.test.ts',
    within: 'assertMetricsToken',
  },
  'the session check inside transactions': {
    file: stillMay,
    find: 'if (found === undefined || actor.isEnded) throw unauthorized()',
    put: 'if (found === undefined) return { isBlocked: false }',
    within: 'assertStillMay',
    caughtBy: writeTests,
  },
  'the role check inside transactions': {
    file: stillMay,
    find: "if (found.role !== actor.role) throw new AppError('forbidden', 'Your role does not allow this.')",
    put: '',
    within: 'assertStillMay',
    caughtBy: writeTests,
  },
  'the check for ended sessions in access checks': {
    file: access,
    find: 'if (actor.isEnded) throw unauthorized()',
    put: '',
    within: 'assertCanView',
    caughtBy: writeTests,
  },
  'the check for ended sessions in queued requests': {
    file: connection,
    find: 'if (actor.isEnded) throw unauthorized()',
    put: '',
    within: 'dispatch',
    caughtBy: writeTests,
  },
  'the second session check after a request body': {
    file: routeAuth,
    find: 'if (request.actor !== null && !request.bodyRead && Array.isArray(roles)) await admitCaller(request, reply, roles)',
    put: '',
    within: 'guardRoutes',
    caughtBy: bodyTests,
  },
  'the end of requests under way with their session': {
    file: 'server/realtime/connection-registry.ts',
    find: 'actors.end(match)',
    put: '',
    within: 'end',
    caughtBy: writeTests,
  },
  'the check for sessions that end during their lookup': {
    file: 'server/auth/current-actors.ts',
    find: 'return found === undefined || entry.isEnded ? undefined : Object.assign(entry, found)',
    put: 'return found === undefined ? undefined : Object.assign(entry, found)',
    within: 'enter',
    caughtBy: writeTests,
  },
  'the role check of token renewal': {
    file: 'server/auth/renew-session.ts',
    find: 'if (renewed.actor.role !== actor.role) throw unauthorized()',
    put: '',
    within: 'renewSession',
    caughtBy: writeTests,
  },
  'the close of connections with a replaced identity secret': {
    file: 'server/sites/new-identity-secret.ts',
    find: 'await connections.endLapsed()',
    put: '',
    within: 'endIdentifiedSessions',
    caughtBy: writeTests,
  },
  'the block check after an upload': {
    file: 'server/attachments/upload-attachment.ts',
    find: 'if (isBlocked) throw blocked()',
    put: '',
    within: 'storeUpload',
    caughtBy: bodyTests,
  },
  ...Object.fromEntries(
    Object.entries(writers).map(([name, place]): [string, Mutation] => [
      `the actor check of ${name}`,
      { ...place, find: 'await assertStillMay(trx, actor)', put: '{ isBlocked: false }', caughtBy: writeTests },
    ]),
  ),
}
