// How names are compared: usernames, and whatever else people type to find or to count something.

/**
 * The form in which names are stored, looked up and counted. Two names are the same for Kefu exactly if the database
 * holds their forms equal. Trimmed, since padding collations treat `admin` and `admin ` as equal. Normalized twice,
 * since lower-casing may undo NFKC.
 */
export const comparableName = (name: string) => name.normalize('NFKC').toLowerCase().normalize('NFKC').trim()
