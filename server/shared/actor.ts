// Who makes a request: read from the actor's own row when its token is checked, never from a payload.

import type { AgentRole, Role } from '#protocol/entities.ts'
import type { ClientAddress } from './client-address.ts'

interface ActorBase {
  userId: number
  name: string
  role: Role
  /** The login session or customer session that the token names. */
  sessionId: number
  /** Where the call or the connection comes from. */
  address: ClientAddress
  /** The session, the user or the connection has ended on this node: nothing more is done for the actor. */
  isEnded?: boolean
}

export interface CustomerActor extends ActorBase {
  role: 'customer'
  siteId: number
}

export interface AgentActor extends ActorBase {
  role: AgentRole
  username: string
}

export type Actor = CustomerActor | AgentActor

export const isCustomer = (actor: Actor): actor is CustomerActor => actor.role === 'customer'
