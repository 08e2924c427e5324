// The Socket.IO rooms behind audiences. Clients never name a room.

import type { Audience } from '../context.ts'

export const conversationRoom = (id: number) => `conversation:${id}`
export const userRoom = (id: number) => `user:${id}`
export const agentsRoom = 'agents'
export const customersRoom = 'customers'

export function roomsOf(to: Audience): string[] {
  const rooms: string[] = []
  if (to.conversationId !== undefined) rooms.push(conversationRoom(to.conversationId))
  if (to.userId !== undefined) rooms.push(userRoom(to.userId))
  if (to.agents) rooms.push(agentsRoom)
  if (to.customers) rooms.push(customersRoom)
  return rooms
}

/** The conversation that a room stands for, or undefined. */
export function conversationOf(room: string): number | undefined {
  return room.startsWith('conversation:') ? Number(room.slice('conversation:'.length)) : undefined
}
