// Measures the memory of another Node process through its inspector, after a full garbage collection.

export interface Inspector {
  /** Bytes in use on its heap and in external buffers. */
  liveBytes(): Promise<number>
  close(): void
}

export async function inspect(url: string): Promise<Inspector> {
  const socket = new WebSocket(url)
  await new Promise((resolve, reject) => {
    socket.onopen = resolve
    socket.onerror = reject
  })
  const waiting = new Map<number, (result: { result?: { value?: unknown } }) => void>()
  socket.onmessage = ({ data }) => {
    const { id, result } = JSON.parse(String(data))
    waiting.get(id)?.(result)
    waiting.delete(id)
  }
  let last = 0
  const ask = (method: string, params: object = {}) =>
    new Promise<{ result?: { value?: unknown } }>((resolve) => {
      last += 1
      waiting.set(last, resolve)
      socket.send(JSON.stringify({ id: last, method, params }))
    })
  const expression = '(({ heapUsed, external }) => heapUsed + external)(process.memoryUsage())'
  return {
    async liveBytes() {
      await ask('HeapProfiler.collectGarbage')
      return Number((await ask('Runtime.evaluate', { expression, returnByValue: true })).result?.value)
    },
    close: () => socket.close(),
  }
}
