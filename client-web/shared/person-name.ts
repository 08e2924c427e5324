// What a person is called on screen. A name that cannot be seen gives way to #id. A name is shown in <bdi>, so that it
// reorders nothing beside it; what has no elements (labels, titles, notifications) gets it by plainName.

import type { Person } from '#protocol/entities.ts'
import { hasVisibleCharacter, inSentence, stripBidiControls } from '#protocol/visible-text.ts'

export const personName = ({ id, name }: Person): string =>
  hasVisibleCharacter(name) ? stripBidiControls(name) : `#${id}`

export const plainName = (person: Person): string => inSentence(personName(person))
