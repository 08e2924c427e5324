// Banners, the toast, loading and failed lists, and empty states.

import { ConversationList } from '../../console/inbox/conversation-list.tsx'
import { NothingSelected } from '../../console/inbox/nothing-selected.tsx'
import { ConnectionBanner } from '../../console/layout/connection-banner.tsx'
import { ListStatus } from '../../console/layout/list-status.tsx'
import { showToast, Toast } from '../../console/layout/toast.tsx'
import { RequestError } from '../../shared/connection/request-error.ts'
import { NewVersion, NewVersionBanner } from '../../shared/release/new-version-banner.tsx'
import { Banner } from '../../shared/ui/banner.tsx'
import { Button } from '../../shared/ui/button.tsx'
import { Skeleton, Spinner } from '../../shared/ui/loading.tsx'
import { words } from '../samples/words.ts'
import { SampleWorkspace } from '../samples/workspace.tsx'
import { Specimen } from '../specimen.tsx'

const views = ['queue', 'mine', 'all', 'closed'] as const
const offline = { phase: 'offline', since: 0 } as const

export function Notices() {
  const { notice, longNotice, action } = words.value
  return (
    <>
      {(['info', 'warning', 'danger'] as const).map((tone) => (
        <Specimen key={tone} label={`Banner tone=${tone}`} layout="column">
          <Banner tone={tone}>{notice}</Banner>
          <Banner tone={tone} action={<Button size="sm">{action}</Button>}>
            {longNotice}
          </Banner>
        </Specimen>
      ))}
      <Specimen label="ConnectionBanner offline" layout="column">
        <SampleWorkspace state={offline}>
          <ConnectionBanner />
        </SampleWorkspace>
      </Specimen>
      <Specimen label="NewVersion, NewVersionBanner" layout="column">
        <NewVersion />
        <NewVersionBanner />
      </Specimen>
      <Specimen label="Toast" height={10}>
        <Button data-opener onClick={() => showToast(notice)}>
          <code>showToast</code>
        </Button>
        <Toast />
      </Specimen>
      <Specimen label="Spinner, Skeleton" layout="column">
        <Spinner />
        <Skeleton label={notice} />
      </Specimen>
      <Specimen label="ListStatus loading, failed" layout="column">
        <ListStatus error={null} reload={() => {}} />
        <ListStatus error={RequestError.offline()} reload={() => {}} />
      </Specimen>
      {views.map((view) => (
        <Specimen key={view} label={`ConversationList view=${view} empty`} layout="pane" height={18}>
          <SampleWorkspace>
            <ConversationList view={view} selected={null} />
          </SampleWorkspace>
        </Specimen>
      ))}
      <Specimen label="ConversationList loading" layout="pane" height={18}>
        <SampleWorkspace replies={{ 'conversation:list': () => new Promise(() => {}) }}>
          <ConversationList view="all" selected={null} />
        </SampleWorkspace>
      </Specimen>
      <Specimen label="ConversationList failed" layout="pane" height={18}>
        <SampleWorkspace replies={{ 'conversation:list': () => Promise.reject(RequestError.timeout()) }}>
          <ConversationList view="all" selected={null} />
        </SampleWorkspace>
      </Specimen>
      <Specimen label="NothingSelected" layout="wide">
        <SampleWorkspace>
          <NothingSelected />
        </SampleWorkspace>
      </Specimen>
      <Specimen label="NothingSelected new installation" layout="wide">
        <SampleWorkspace counts={{ queue: 0, mine: 0, all: 0, closed: 0, unread: 0 }}>
          <NothingSelected />
        </SampleWorkspace>
      </Specimen>
    </>
  )
}
