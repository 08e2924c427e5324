// What agents can do with a conversation. The permissions follow the server's rules; an error is shown as a toast.

import type { AgentConversation } from '#protocol/entities.ts'
import type { RequestPayloads } from '#protocol/requests.ts'
import { RequestError } from '../../shared/connection/request-error.ts'
import { errorText } from '../error-text.ts'
import { showToast } from '../layout/toast.tsx'
import type { Workspace } from '../workspace/workspace.ts'

type ActionName =
  | 'conversation:claim'
  | 'conversation:transfer'
  | 'conversation:release'
  | 'conversation:close'
  | 'conversation:reopen'

/** Resolves to false if the server refused. `expects` handles a refusal that is no error; it returns true then. */
export async function runAction<N extends ActionName>(
  workspace: Workspace,
  name: N,
  payload: RequestPayloads[N],
  expects?: (error: RequestError) => boolean,
): Promise<boolean> {
  return attempt(
    async () => workspace.conversations.merge((await workspace.connection.request(name, payload)).conversation),
    expects,
  )
}

export function setBlocked(workspace: Workspace, conversation: AgentConversation, blocked: boolean): Promise<boolean> {
  const { customer } = conversation
  return attempt(async () => {
    await workspace.connection.request('customer:set-blocked', { customerId: customer.id, blocked })
    workspace.conversations.merge({ ...conversation, customer: { ...customer, isBlocked: blocked } })
  })
}

async function attempt(
  request: () => Promise<void>,
  expects: (error: RequestError) => boolean = () => false,
): Promise<boolean> {
  try {
    await request()
    return true
  } catch (error) {
    if (!(error instanceof RequestError)) throw error
    if (!expects(error)) showToast(errorText(error))
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

export function permissionsOf({ status, agent }: AgentConversation, workspace: Workspace): Permissions {
  const isMine = agent?.id === workspace.agentId
  const isInCharge = isMine || workspace.isAdmin
  return {
    canClaim: status === 'open',
    canWrite: status === 'pending' && isInCharge,
    canTransfer: status === 'pending' && isInCharge,
    canClose: status !== 'closed' && isInCharge,
    canReopen: status === 'closed' && isInCharge,
  }
}
