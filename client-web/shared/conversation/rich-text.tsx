// Message text with its links as anchors. It renders text nodes, so user input can never become markup.

import { splitLinks } from './links.ts'

export function RichText({ text }: { text: string }) {
  return (
    <>
      {splitLinks(text).map((piece) =>
        typeof piece === 'string' ? (
          piece
        ) : (
          <a href={piece.href} target="_blank" rel="noopener noreferrer nofollow">
            {piece.text}
          </a>
        ),
      )}
    </>
  )
}
