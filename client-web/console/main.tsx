// Starts the console: the way in the address bar, the session from its cookie, then the screen that fits.

import '../shared/tokens.css'
import '../shared/base.css'
import { render } from 'preact'
import { Console } from './console.tsx'
import { startRouter } from './router.ts'
import { restoreSession } from './session/session.ts'

startRouter()
void restoreSession()
render(<Console />, document.getElementById('app') as HTMLElement)
