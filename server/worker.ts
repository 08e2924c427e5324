// Worker process: one of several that serve the port of the primary that started them. To the cluster it is a node like
// any other.

import { connectDatabase } from '#db/core/connect.ts'
import { createApp } from './app.ts'
import { joinWorkers } from './cluster/workers/worker-ipc.ts'
import { runProcess } from './process/lifecycle.ts'
import { logServerProblem } from './process/log.ts'

const number = Number(process.argv[2])

await runProcess(
  async ({ config, log, shutdownHooks }) => {
    const { start, workerIpc, serve, leave } = await joinWorkers(number, log)
    const { address, connections } = start
    const db = connectDatabase(address, { connections, onServerProblem: logServerProblem(log) })
    shutdownHooks.push(() => db.destroy())
    const app = await createApp({ config, jwtSecrets: start.jwtSecrets, db, log, workerIpc })
    shutdownHooks.push(() => app.stop())
    // The worker's own server listens on a private socket for the other workers. The primary hands it the connections
    // of the port.
    await app.http.listen({ path: workerIpc.socketOf(workerIpc.id) })
    serve(app.http.server)
    shutdownHooks.push(async () => leave())
  },
  { worker: number },
)
