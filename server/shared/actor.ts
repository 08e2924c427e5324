// Who makes a request. Authentication reads it from the actor's row, never from a payload.

import type { AgentRole, Role } from '#protocol/entities.ts'
import type { ClientAddress } from './client-address.ts'

interface ActorBase {
  userId: number
  name: string
  role: Role
  /** The login session or customer session of the token. */
  sessionId: number
  /** Address of the call or connection. */
  address: ClientAddress
  /** The session, user or connection has ended on this node: reject everything else from this actor. */
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
