// What a budget lets through: the number that an attack's own counts are compared with.

import { budgets, type Rate, type RateName, type SlotName } from '../../server/budgets/budgets.ts'
import type { Bound } from './attack.ts'

export function ofRate(name: RateName, callers = 1): Bound {
  const { count, windowMs }: Rate = budgets[name]
  return { burst: count * callers, perSecond: (count * 1000 * callers) / windowMs }
}

export const ofSlots = (name: SlotName): Bound => ({ burst: budgets[name].concurrent, perSecond: 0 })
