// What a person is called on screen: nothing in a name reorders what stands beside it, and a name that cannot be seen gives way to #id.

import type { Person } from '#protocol/entities.ts'
import { hasVisibleCharacter, stripBidiControls } from '#protocol/visible-text.ts'

export const personName = ({ id, name }: Person): string =>
  hasVisibleCharacter(name) ? stripBidiControls(name) : `#${id}`
