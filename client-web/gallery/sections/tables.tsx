// The agents table and the settings of a site.

import type { Site } from '#protocol/entities.ts'
import { AgentsTable } from '../../console/agents/agents-table.tsx'
import { SiteIdentity } from '../../console/sites/site-identity.tsx'
import { users } from '../samples/people.ts'
import { minutesAgo } from '../samples/times.ts'
import { words } from '../samples/words.ts'
import { SampleWorkspace } from '../samples/workspace.tsx'
import { Specimen } from '../specimen.tsx'

const site = (changes: Partial<Site> = {}): Site => ({
  id: 1,
  key: 'shop',
  name: words.value.shop,
  origins: ['https://mistandleaf.example'],
  color: '#0f766e',
  position: 'right',
  greeting: null,
  snippet: '<script async src="https://chat.example/kefu.js" data-site="shop"></script>',
  requireIdentity: false,
  identitySecretMadeAt: null,
  createdAt: minutesAgo(60_000),
  ...changes,
})

export function Tables() {
  return (
    <SampleWorkspace>
      <Specimen label="AgentsTable" layout="wide">
        <AgentsTable users={users()} onEdit={() => {}} onChanged={() => {}} />
      </Specimen>
      <Specimen label="SiteIdentity without a secret" layout="column">
        <SiteIdentity site={site()} onSaved={() => {}} />
      </Specimen>
      <Specimen label="SiteIdentity required" layout="column">
        <SiteIdentity
          site={site({ id: 2, requireIdentity: true, identitySecretMadeAt: minutesAgo(9_000) })}
          onSaved={() => {}}
        />
      </Specimen>
    </SampleWorkspace>
  )
}
