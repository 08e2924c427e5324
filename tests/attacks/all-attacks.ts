// Every attack, by family. Drills, which each prove one budget, are listed apart from the attacks of the run.

import type { Attack } from './attack.ts'
import { busAttacks } from './attacks/bus.ts'
import { callDrills } from './attacks/call-drills.ts'
import { controlFrames } from './attacks/control-frames.ts'
import { conversationDrills } from './attacks/conversation-drills.ts'
import { conversationAttacks } from './attacks/conversations.ts'
import { crowds } from './attacks/crowds.ts'
import { handshakeDrills } from './attacks/handshake-drills.ts'
import { handshakes } from './attacks/handshakes.ts'
import { httpConnectionDrills } from './attacks/http-connection-drills.ts'
import { httpFloods } from './attacks/http-floods.ts'
import { requestFloods } from './attacks/requests.ts'
import { sessionAttacks } from './attacks/sessions.ts'
import { socketDrills } from './attacks/socket-drills.ts'
import { unreadDrills } from './attacks/unread-drills.ts'
import { uploadAttacks, uploadDrills } from './attacks/uploads.ts'

export const attacks: readonly Attack[] = [
  ...controlFrames,
  ...handshakes,
  ...requestFloods,
  ...conversationAttacks,
  ...httpFloods,
  ...sessionAttacks,
  ...uploadAttacks,
  ...busAttacks,
]

export const drills: readonly Attack[] = [
  ...handshakeDrills,
  ...callDrills,
  ...conversationDrills,
  ...socketDrills,
  ...httpConnectionDrills,
  ...unreadDrills,
  ...uploadDrills,
]

/** The attack that needs a budget: a drill where one exists, because drills are faster. */
export const provingAttack = (budget: string): Attack | undefined =>
  [...drills, ...attacks].find(({ proves }) => proves?.includes(budget))

export function attackNamed(name: string): Attack {
  const found = [...attacks, ...drills, ...crowds].find((each) => each.name === name)
  if (found === undefined) throw new Error(`unknown attack "${name}"`)
  return found
}
