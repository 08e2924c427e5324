// Dialogs, each behind its button, and the account menu.

import { AgentDialog } from '../../console/agents/agent-dialog.tsx'
import { TransferDialog } from '../../console/inbox/transfer-dialog.tsx'
import { AccountMenu } from '../../console/layout/account-menu.tsx'
import { FormDialog } from '../../console/layout/form-dialog.tsx'
import { setUser } from '../../console/session/session.ts'
import { RenewSecretDialog } from '../../console/sites/renew-secret-dialog.tsx'
import { SecretDialog } from '../../console/sites/secret-dialog.tsx'
import { SiteDialog } from '../../console/sites/site-dialog.tsx'
import { RequestError } from '../../shared/connection/request-error.ts'
import { Button } from '../../shared/ui/button.tsx'
import { Dialog } from '../../shared/ui/dialog.tsx'
import { TextField } from '../../shared/ui/field.tsx'
import { conversation } from '../samples/conversations.ts'
import { ownUser, users } from '../samples/people.ts'
import { words } from '../samples/words.ts'
import { SampleWorkspace } from '../samples/workspace.tsx'
import { Opener, Specimen } from '../specimen.tsx'

setUser(ownUser())

export function Dialogs() {
  const { notice, longNotice, action, label } = words.value
  return (
    <SampleWorkspace>
      <Specimen label="Dialog">
        <Opener label="Dialog">
          {(close) => (
            <Dialog
              title={notice}
              closeLabel={action}
              onClose={close}
              actions={<Button onClick={close}>{action}</Button>}
            >
              <p>{longNotice}</p>
            </Dialog>
          )}
        </Opener>
        <Opener label="Dialog long">
          {(close) => (
            <Dialog title={longNotice} closeLabel={action} onClose={close}>
              {Array.from({ length: 30 }, (_, index) => (
                <p key={index}>{longNotice}</p>
              ))}
            </Dialog>
          )}
        </Opener>
      </Specimen>
      <Specimen label="FormDialog: rejected when submitted">
        <Opener label="FormDialog">
          {(close) => (
            <FormDialog
              title={notice}
              submitLabel={action}
              onClose={close}
              onSubmit={() => Promise.reject(RequestError.timeout())}
            >
              <TextField label={label} />
            </FormDialog>
          )}
        </Opener>
      </Specimen>
      <Specimen label="dialogs of the console">
        <Opener label="AgentDialog new">
          {(close) => <AgentDialog user={null} onClose={close} onSaved={close} />}
        </Opener>
        <Opener label="AgentDialog">
          {(close) => <AgentDialog user={users()[1] ?? null} onClose={close} onSaved={close} />}
        </Opener>
        <Opener label="SiteDialog new">{(close) => <SiteDialog site={null} onClose={close} onSaved={close} />}</Opener>
        <Opener label="TransferDialog">
          {(close) => <TransferDialog conversation={conversation()} onClose={close} />}
        </Opener>
        <Opener label="SecretDialog">
          {(close) => <SecretDialog secret="0123456789abcdef0123456789abcdef" siteKey="shop" onClose={close} />}
        </Opener>
        <Opener label="RenewSecretDialog">
          {(close) => <RenewSecretDialog onClose={close} onRenew={async () => close()} />}
        </Opener>
      </Specimen>
      <Specimen label="AccountMenu">
        <AccountMenu />
      </Specimen>
    </SampleWorkspace>
  )
}
