// Says whether the first admin still has to be created.

import type { SetupState } from '#protocol/http.ts'
import type { App } from '../context.ts'
import { isSetupNeededCached } from './first-admin.ts'

export async function getSetup(app: App): Promise<SetupState> {
  return { needed: await isSetupNeededCached(app) }
}
