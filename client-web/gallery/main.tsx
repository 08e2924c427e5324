// Starts the gallery: every shared component in all its states. `npm run dev` serves it; the build does not contain it.

import '../shared/tokens.css'
import '../shared/base.css'
import { mountPage } from '../shared/mount-page.ts'
import { Gallery } from './gallery.tsx'

mountPage(<Gallery />)
