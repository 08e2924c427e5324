// npm run describe: writes docs/openapi.json and docs/asyncapi.json. A convention test fails while they are stale.

import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { apiDescriptions } from './api-descriptions.ts'

for (const [path, text] of Object.entries(await apiDescriptions())) {
  writeFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), text)
}
