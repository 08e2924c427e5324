// The size of an image in a message list, fixed before the image is loaded.

/** CSS pixels. */
const maxSide = 240
const minSide = 64

export function imageBox({ width, height }: { width: number; height: number }): { width: string; aspectRatio: string } {
  const scale = Math.min(1, maxSide / width, maxSide / height)
  const clamp = (side: number) => Math.round(Math.min(maxSide, Math.max(minSide, side * scale)))
  return { width: `${clamp(width)}px`, aspectRatio: `${clamp(width)} / ${clamp(height)}` }
}
