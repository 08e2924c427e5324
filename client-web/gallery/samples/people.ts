// The people of the gallery: one agent at this console, two colleagues, and their accounts.

import type { Agent, AgentStatusValue, User } from '#protocol/entities.ts'
import { minutesAgo } from './times.ts'
import { words } from './words.ts'

export const ownId = 1
export const colleagueId = 2

const agent = (id: number, name: string, status: AgentStatusValue, openConversations: number): Agent => ({
  id,
  username: `agent${id}`,
  name,
  role: id === ownId ? 'admin' : 'agent',
  status,
  lastSeen: minutesAgo(2),
  openConversations,
})

export const agents = (): Agent[] => [
  agent(ownId, words.value.agent, 'online', 3),
  agent(colleagueId, words.value.colleague, 'busy', 1),
  agent(3, words.value.longName, 'offline', 0),
]

const account = ({ id, username, name, role }: Agent): User => ({
  id,
  username,
  name,
  role,
  email: id === colleagueId ? 'colleague@mistandleaf.example' : null,
  language: null,
  isDisabled: id > colleagueId,
  createdAt: minutesAgo(60_000),
})

export const users = (): User[] => agents().map(account)
export const ownUser = (): User => users()[0] as User
