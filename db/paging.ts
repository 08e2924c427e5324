// Keyset paging: a page ends at a place (time and id of its last row), and the next one begins behind it, however many rows came since.

export interface Place {
  /** ISO time of the ordering column. */
  at: string
  id: number
}

export interface PageOf<T> {
  items: T[]
  /** Where the next page begins; null at the end. */
  next: Place | null
}
