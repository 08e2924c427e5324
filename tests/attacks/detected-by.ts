// Which attack or drill misses each budget when it is removed. A budget without one does not compile.

import type { budgets } from '../../server/budgets/budgets.ts'

export type BudgetName = keyof typeof budgets

export const detectedBy: Readonly<Record<BudgetName, string>> = {
  customerMessages: 'messages-of-one-customer',
  agentMessages: 'messages-of-one-agent',
  connectionRequests: 'typing',
  sessionsPerAddress: 'anonymous-sessions',
  loginFailures: 'logins-of-one-address',
  connectionsPerAddress: 'beginnings-of-one-address',
  httpRequestsPerAddress: 'not-found',
  customerUploads: 'uploads-of-one-customer',
  agentUploads: 'uploads-of-one-agent',
  uploadsPerAddress: 'uploads-of-one-address',
  connectionsPerCustomer: 'tabs-of-one-customer',
  connectionsPerAgent: 'tabs-of-one-agent',
  refusalLines: 'forbidden-requests',
  violationsPerAddress: 'repeated-violations',
}
