// A site's key: public but not guessable, so that nobody can enumerate sites.

import { randomBytes } from 'node:crypto'

/** 20 characters of A-Z a-z 0-9 _ - */
export const newSiteKey = () => randomBytes(15).toString('base64url')
