// Whether the first admin is still to be made.

import type { SetupState } from '#protocol/http.ts'
import type { App } from '../context.ts'
import { isSetupStillNeeded } from './first-admin.ts'

export async function getSetup(app: App): Promise<SetupState> {
  return { needed: await isSetupStillNeeded(app) }
}
