// Starts the one-time setup page. The code comes in the fragment, which no server and no log sees, and leaves the address bar at once.

import '../shared/tokens.css'
import '../shared/base.css'
import { render } from 'preact'
import { queueCalls } from './page-api.ts'
import { Setup } from './setup.tsx'

queueCalls()
const code = decodeURIComponent(location.hash.slice(1))
if (code !== '') history.replaceState(null, '', location.pathname)

render(<Setup code={code} />, document.getElementById('app') as HTMLElement)
