// Many callers who do nothing wrong, and may not be refused: the counterpart of the attacks.

import type { RoundOptions } from './round.ts'

export interface Crowd {
  name: string
  what: string
  run(): Promise<string[]>
}
export const crowds: readonly Crowd[] = []
export const runCrowd = async (crowd: Crowd, _common: Omit<RoundOptions, 'attacks'>): Promise<string[]> => crowd.run()
