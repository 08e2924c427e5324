// Builds the customer's pages separately: in shared chunks customers would load code that only agents use.

import { defineConfig } from 'vite'
import { pagesConfig } from './vite.config.ts'

export default defineConfig(pagesConfig(['widget', 'demo']))
