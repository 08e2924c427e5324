// Starts the one-time setup page. The code is in the URL fragment, which is never
// sent to a server or logged, and is removed from the address bar immediately.

import '../shared/tokens.css'
import '../shared/base.css'
import { mountPage } from '../shared/mount-page.ts'
import { queueCalls } from './page-api.ts'
import { Setup } from './setup.tsx'

queueCalls()
const code = decodeURIComponent(location.hash.slice(1))
if (code !== '') history.replaceState(null, '', location.pathname)

mountPage(<Setup code={code} />)
