// The embed code with an absolute URL. A server without a configured public address omits the host; this page knows it.

export function wholeSnippet(snippet: string): string {
  return snippet.replace('src="/', `src="${location.origin}/`)
}
