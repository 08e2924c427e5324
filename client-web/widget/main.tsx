// The frame's page: one widget, for the site in the URL.

import '../shared/tokens.css'
import '../shared/base.css'
import './frame.css'
import { mountPage } from '../shared/mount-page.ts'
import { App } from './app.tsx'
import { startWidget } from './widget.ts'

const site = new URLSearchParams(location.search).get('site')
const widget = startWidget(site === 'default' ? null : site)
mountPage(<App widget={widget} />)
