// npm run dev: the server, restarted when its files change, behind Vite with hot reload of the pages.

import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { createServer } from 'vite'
import { runCommand } from './run-command.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
await runCommand(async (config) => {
  const target = `http://127.0.0.1:${config.port}`
  const server = spawn(process.execPath, ['--watch', '--watch-preserve-output', 'server/main.ts'], {
    cwd: root,
    stdio: 'inherit',
  })

  const vite = await createServer({
    configFile: `${root}client-web/vite.config.ts`,
    appType: 'mpa',
    server: {
      host: '127.0.0.1',
      proxy: {
        '/api': { target },
        '/socket.io': { target, ws: true },
        // The build makes the loader; all other pages come from their sources.
        '/kefu.js': { target },
      },
    },
  })
  await vite.listen()
  vite.printUrls()
  console.log('  The pages: console/, demo/, gallery/, setup/, widget/')

  const end = () => {
    server.kill('SIGTERM')
    void vite.close()
  }
  process.once('SIGINT', end).once('SIGTERM', end)
  server.once('exit', (code) => {
    process.exitCode = code ?? 0
    void vite.close()
  })
})
