// A flame graph as one SVG: callers above, what they call below, as wide as the time it took. Point at a box to read what it is.

import type { Call } from './calls.ts'

const width = 1600
const rowHeight = 16
/** Narrower boxes than this many pixels cannot be seen. */
const minBoxWidth = 0.4
const colors = ['#f59e0b', '#fb923c', '#facc15', '#fbbf24', '#fdba74', '#fde047']

export function drawFlames(root: Call): string {
  const boxes: string[] = []
  let deepest = 0
  const msPerPixel = root.totalMs / width

  function draw(call: Call, left: number, depth: number) {
    const size = call.totalMs / msPerPixel
    if (size < minBoxWidth) return
    deepest = Math.max(deepest, depth)
    const share = ((100 * call.totalMs) / root.totalMs).toFixed(2)
    const title = escapeXml(
      `${call.name} ${call.place}: ${call.totalMs.toFixed(1)} ms, ${share} %, itself ${call.selfMs.toFixed(1)} ms`,
    )
    const top = depth * rowHeight
    const label = escapeXml(call.name.slice(0, Math.floor(size / 6.5)))
    boxes.push(
      `<g><title>${title}</title><rect x="${left.toFixed(1)}" y="${top}" width="${size.toFixed(1)}" height="${rowHeight - 1}" ` +
        `fill="${colorOf(call.owner)}"/><text x="${(left + 2).toFixed(1)}" y="${top + 11}">${label}</text></g>`,
    )
    let at = left
    for (const each of call.calls) {
      draw(each, at, depth + 1)
      at += each.totalMs / msPerPixel
    }
  }

  draw(root, 0, 0)
  const height = (deepest + 1) * rowHeight
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="monospace" font-size="10">\n${boxes.join('\n')}\n</svg>\n`
}

/** Kefu's own functions stand out. */
function colorOf(owner: string): string {
  if (owner === 'kefu') return '#2dd4bf'
  if (owner.startsWith('(')) return '#cbd5e1'
  return colors[[...owner].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % colors.length] as string
}

const escapeXml = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
