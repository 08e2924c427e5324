// Avatars, status dots, and the verified badge.

import { TeamList } from '../../console/inbox/team-list.tsx'
import { VerifiedBadge } from '../../console/inbox/verified-badge.tsx'
import { texts as consoleTexts } from '../../console/texts.ts'
import { Avatar } from '../../shared/ui/avatar.tsx'
import { StatusDot } from '../../shared/ui/status-dot.tsx'
import { words } from '../samples/words.ts'
import { SampleWorkspace } from '../samples/workspace.tsx'
import { Specimen } from '../specimen.tsx'

const names = ['Emma Wright', '王小明', 'Łukasz', 'Customer 14', '顾客 7', 'محمد علي']

export function People() {
  return (
    <>
      {(['sm', 'md', 'lg'] as const).map((size) => (
        <Specimen key={size} label={`Avatar size=${size}`}>
          {names.map((name, id) => (
            <Avatar key={name} id={id} name={name} size={size} />
          ))}
        </Specimen>
      ))}
      <Specimen label="StatusDot online, busy, offline">
        {(['online', 'busy', 'offline'] as const).map((status) => (
          <span key={status}>
            <StatusDot status={status} /> {consoleTexts.value.status[status]}
          </span>
        ))}
      </Specimen>
      <Specimen label="VerifiedBadge verified, unverified">
        <span>
          {words.value.customer} <VerifiedBadge isVerified />
        </span>
        <span>
          {words.value.customer} <VerifiedBadge isVerified={false} />
        </span>
      </Specimen>
      <Specimen label="TeamList" layout="column">
        <SampleWorkspace>
          <TeamList />
        </SampleWorkspace>
      </Specimen>
    </>
  )
}
