// What an agent can do with a conversation, and who may do it by the server's rules; the answer is taken in, a refusal is shown.

import type { AgentConversation } from '#protocol/entities.ts'
import type { RequestPayloads } from '#protocol/requests.ts'
import { RequestError } from '../../shared/connection/request-error.ts'
import { errorText } from '../error-text.ts'
import { showNotice } from '../layout/toast.tsx'
import type { Desk } from '../workspace/workspace.ts'

type ActionName =
  | 'conversation:claim'
  | 'conversation:transfer'
  | 'conversation:release'
  | 'conversation:close'
  | 'conversation:reopen'

/** Resolves to whether it was done. */
export async function act<N extends ActionName>(desk: Desk, name: N, payload: RequestPayloads[N]): Promise<boolean> {
  return tell(async () => desk.conversations.take((await desk.connection.request(name, payload)).conversation))
}

export function setBlocked(desk: Desk, conversation: AgentConversation, blocked: boolean): Promise<boolean> {
  const { customer } = conversation
  return tell(async () => {
    await desk.connection.request('customer:set-blocked', { customerId: customer.id, blocked })
    desk.conversations.take({ ...conversation, customer: { ...customer, isBlocked: blocked } })
  })
}

async function tell(request: () => Promise<void>): Promise<boolean> {
  try {
    await request()
    return true
  } catch (error) {
    if (!(error instanceof RequestError)) throw error
    showNotice(errorText(error))
    return false
  }
}

export interface Permissions {
  canClaim: boolean
  canWrite: boolean
  canTransfer: boolean
  canClose: boolean
  canReopen: boolean
}

export function permissionsOf({ status, agent }: AgentConversation, desk: Desk): Permissions {
  const isMine = agent?.id === desk.agentId
  const isInCharge = isMine || desk.isAdmin
  return {
    canClaim: status === 'open',
    canWrite: status === 'pending' && isInCharge,
    canTransfer: status === 'pending' && isInCharge,
    canClose: status !== 'closed' && isInCharge,
    canReopen: status === 'closed' && isInCharge,
  }
}
