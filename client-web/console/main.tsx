// Starts the console: routing, session, rendering.

import '../shared/tokens.css'
import '../shared/base.css'
import { render } from 'preact'
import { Console } from './console.tsx'
import { startRouter } from './router.ts'
import { restoreSession } from './session/session.ts'

startRouter()
void restoreSession()
render(<Console />, document.getElementById('app') as HTMLElement)
