// Hook: accepts files dropped on an element. Other drags are ignored.

import { useState } from 'preact/hooks'

const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false

/** Without `onFiles`, files are rejected but the browser does not navigate to them. */
export function useFileDrop(onFiles: ((files: Iterable<File>) => void) | null) {
  const [depth, setDepth] = useState(0)
  return {
    isOver: depth > 0 && onFiles !== null,
    handlers: {
      onDragEnter: (event: DragEvent) => hasFiles(event) && setDepth((before) => before + 1),
      onDragLeave: (event: DragEvent) => hasFiles(event) && setDepth((before) => Math.max(0, before - 1)),
      onDragOver(event: DragEvent) {
        if (hasFiles(event)) event.preventDefault()
      },
      onDrop(event: DragEvent) {
        if (!hasFiles(event)) return
        event.preventDefault()
        setDepth(0)
        onFiles?.(event.dataTransfer?.files ?? [])
      },
    },
  }
}
