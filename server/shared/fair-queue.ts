// A fair queue: round robin over groups (customers by address, agents as one group), and over the people of a group.
// Each waits for at most one item of every other.

export interface FairQueue<T> {
  readonly size: number
  add(group: string, person: number, item: T): void
  /** Dequeues the next item; undefined if the queue is empty. */
  next(): T | undefined
  /** False if the item is no longer queued. */
  remove(group: string, person: number, item: T): boolean
}

export function createFairQueue<T>(): FairQueue<T> {
  /** In round-robin order. */
  const groups = new Map<string, Map<number, T[]>>()
  let size = 0

  return {
    get size() {
      return size
    },
    add(group, person, item) {
      const people = groups.get(group) ?? new Map<number, T[]>()
      const items = people.get(person) ?? []
      items.push(item)
      people.set(person, items)
      groups.set(group, people)
      size += 1
    },
    next() {
      for (const [group, people] of groups) {
        groups.delete(group)
        for (const [person, items] of people) {
          people.delete(person)
          const item = items.shift()
          if (items.length > 0) people.set(person, items)
          if (people.size > 0) groups.set(group, people)
          size -= 1
          return item
        }
      }
      return undefined
    },
    remove(group, person, item) {
      const people = groups.get(group)
      const items = people?.get(person)
      const index = items?.indexOf(item) ?? -1
      if (people === undefined || items === undefined || index < 0) return false
      items.splice(index, 1)
      if (items.length === 0) people.delete(person)
      if (people.size === 0) groups.delete(group)
      size -= 1
      return true
    },
  }
}
