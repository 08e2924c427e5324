// The customer's pages, built apart from the agents': in shared chunks a customer would load what only agents see.

import { defineConfig } from 'vite'
import { pagesConfig } from './vite.config.ts'

export default defineConfig(pagesConfig(['widget', 'demo']))
