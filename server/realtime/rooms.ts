// The Socket.IO rooms behind audiences. Clients never name a room.

import type { Audience } from '../ports.ts'
import { type Actor, isCustomer } from '../shared/actor.ts'

export const conversationRoom = (id: number) => `conversation:${id}`
/** The agents among a conversation's subscribers. */
export const agentsInRoom = (id: number) => `agents-in:${id}`
export const userRoom = (id: number) => `user:${id}`
export const agentsRoom = 'agents'
export const customersRoom = 'customers'

export function roomsOf(to: Audience): string[] {
  const rooms: string[] = []
  if (to.conversationId !== undefined) rooms.push(conversationRoom(to.conversationId))
  if (to.agentsIn !== undefined) rooms.push(agentsInRoom(to.agentsIn))
  if (to.userId !== undefined) rooms.push(userRoom(to.userId))
  if (to.agents) rooms.push(agentsRoom)
  if (to.customers) rooms.push(customersRoom)
  return rooms
}

/** The rooms that a connection joins to subscribe to a conversation. */
export const subscriptionRooms = (actor: Actor, conversationId: number) =>
  isCustomer(actor)
    ? [conversationRoom(conversationId)]
    : [conversationRoom(conversationId), agentsInRoom(conversationId)]

/** The conversation of a room; undefined for other rooms. */
export function conversationOf(room: string): number | undefined {
  return room.startsWith('conversation:') ? Number(room.slice('conversation:'.length)) : undefined
}
