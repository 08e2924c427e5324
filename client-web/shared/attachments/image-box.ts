// The room that a picture takes in a list of messages, known before any of it is there.

/** CSS pixels. */
const longest = 240
const shortest = 64

export function frameOf({ width, height }: { width: number; height: number }): { width: string; aspectRatio: string } {
  const scale = Math.min(1, longest / width, longest / height)
  const within = (side: number) => Math.round(Math.min(longest, Math.max(shortest, side * scale)))
  return { width: `${within(width)}px`, aspectRatio: `${within(width)} / ${within(height)}` }
}
