// A queue with fair turns: groups take turns (customers by address, agents as one group), and within a group its people do. However much one
// of them enqueues, everybody else waits for one of theirs.

export interface FairQueue<T> {
  readonly size: number
  add(group: string, person: number, item: T): void
  /** Removes and returns whose turn it is; undefined when nothing waits. */
  next(): T | undefined
  /** False when it does not wait any more. */
  remove(group: string, person: number, item: T): boolean
}

export function createFairQueue<T>(): FairQueue<T> {
  /** In the order of their turns. */
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
      const at = items?.indexOf(item) ?? -1
      if (people === undefined || items === undefined || at < 0) return false
      items.splice(at, 1)
      if (items.length === 0) people.delete(person)
      if (people.size === 0) groups.delete(group)
      size -= 1
      return true
    },
  }
}
