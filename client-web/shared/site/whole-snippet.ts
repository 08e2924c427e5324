// The embed code as it works on other sites' pages. A server that does not know its own address leaves the host out; this page knows it.

export function wholeSnippet(snippet: string): string {
  return snippet.replace('src="/', `src="${location.origin}/`)
}
