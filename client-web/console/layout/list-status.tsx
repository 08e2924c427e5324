// Shown in place of a list that is loading or failed to load.

import { Banner } from '../../shared/ui/banner.tsx'
import { Button } from '../../shared/ui/button.tsx'
import { Skeleton } from '../../shared/ui/loading.tsx'
import { errorText } from '../error-text.ts'
import { texts } from '../texts.ts'

export function ListStatus({ error, reload }: { error: unknown; reload: () => void }) {
  if (error === null) return <Skeleton label={texts.value.loading} lines={5} />
  return (
    <Banner
      tone="danger"
      action={
        <Button size="sm" onClick={reload}>
          {texts.value.tryAgain}
        </Button>
      }
    >
      {errorText(error)}
    </Banner>
  )
}
