// Starts the console: routing, session, rendering.

import '../shared/tokens.css'
import '../shared/base.css'
import { mountPage } from '../shared/mount-page.ts'
import { Console } from './console.tsx'
import { startRouter } from './router.ts'
import { restoreSession } from './session/session.ts'

startRouter()
void restoreSession()
mountPage(<Console />)
