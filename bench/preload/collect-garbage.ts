// Preloaded into a server whose memory is measured (with --expose-gc): SIGUSR2 collects all garbage.

const { gc } = globalThis

process.on('SIGUSR2', () => gc?.())
