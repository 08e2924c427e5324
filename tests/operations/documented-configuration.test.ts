// Each block of configuration in the operators' pages, tried with the program that reads it. The summary names the
// blocks whose program this machine lacks.

import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { Agent, get } from 'node:https'
import { join } from 'node:path'
import { io } from 'socket.io-client'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'
import { findHaproxy, findNginx, findProgram } from '../support/programs.ts'
import { freePort } from '../support/redis.ts'
import { until } from '../support/server-process.ts'

interface Block {
  /** Page and line. */
  place: string
  language: string
  text: string
}

const root = new URL('../../', import.meta.url).pathname

const blocks: Block[] = ['docs/DEPLOY.md', 'docs/HIGH-AVAILABILITY.md'].flatMap((page) => {
  const source = readFileSync(join(root, page), 'utf8')
  return [...source.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(({ index, 1: language = '', 2: text = '' }) => ({
    place: `${page}:${source.slice(0, index).split('\n').length}`,
    language,
    text,
  }))
})
const of = (language: string) => blocks.filter((block) => block.language === language)

const folder = () => mkdtempSync(join(inject('testFolder'), 'documented-'))

function fileOf(text: string, name: string): string {
  const path = join(folder(), name)
  writeFileSync(path, text)
  return path
}

function run(program: string, args: string[], env: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(program, args, {
    encoding: 'utf8',
    env: { PATH: '/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', ...env },
  })
  return { status, output: stdout + stderr }
}

it('F13 every kind of block has a check here, or says why it needs none', () => {
  const checked = ['nginx', 'haproxy', 'caddy', 'ini', 'sh']
  const unchecked = {
    sql: 'statements of the operator',
    cron: 'one line for cron',
    text: 'xinetd, which has no check of its own',
    js: 'for the shop',
    php: 'for the shop',
  }
  const kinds = [...new Set(blocks.map(({ language }) => language))]
  expect(kinds.filter((kind) => ![...checked, ...Object.keys(unchecked)].includes(kind))).toEqual([])
})

it.each(of('sh').map(({ place, text }) => [place, text]))('F13 %s is valid shell', (_, text) => {
  expect(run('bash', ['-n', fileOf(text, 'block.sh')])).toEqual({ status: 0, output: '' })
})

describe.skipIf(!findHaproxy())('HAProxy (skipped without the package haproxy)', () => {
  const files: [string, string][] = [
    ['deploy/haproxy.cfg', readFileSync(join(root, 'deploy/haproxy.cfg'), 'utf8')],
    ...of('haproxy').map(({ place, text }): [string, string] => [place, text]),
  ]
  it.each(files)('F13 accepts %s', (_, text) => {
    const env = { BALANCER_BIND: '127.0.0.1:1', NODE_1: '127.0.0.1:2', NODE_2: '127.0.0.1:3' }
    const { status, output } = run(findHaproxy() as string, ['-c', '-f', fileOf(text, 'haproxy.cfg')], env)
    expect(status, output).toBe(0)
    expect(output).not.toMatch(/WARNING|ALERT/)
  })
})

describe.skipIf(!findProgram('caddy'))('Caddy (skipped without the package caddy)', () => {
  it.each(of('caddy').map(({ place, text }) => [place, text]))('F13 accepts %s', (_, text) => {
    const { status, output } = run('caddy', [
      'validate',
      '--adapter',
      'caddyfile',
      '--config',
      fileOf(text, 'Caddyfile'),
    ])
    expect(status, output).toBe(0)
  })
})

describe.skipIf(!findProgram('systemd-analyze'))('systemd (skipped without the package systemd)', () => {
  const units = of('ini').filter(({ text }) => text.includes('[Unit]'))
  it.each(units.map(({ place, text }) => [place, text]))('F13 accepts %s', (_, text) => {
    // The check wants the program to exist.
    const unit = fileOf(text.replace('/usr/bin/node', process.execPath), 'kefu.service')
    const { output } = run('systemd-analyze', ['verify', '--man=no', unit])
    expect(output.split('\n').filter((line) => line.includes('kefu.service'))).toEqual([])
    expect(units).toHaveLength(1)
  })
})

describe.skipIf(!findNginx() || !findProgram('openssl'))(
  'nginx (skipped without the packages nginx and openssl)',
  () => {
    let app: TestApp
    beforeAll(async () => {
      app = await startTestApp({ env: { TRUSTED_PROXIES: '127.0.0.1' } })
    })
    afterAll(() => app.stop())

    it.each(of('nginx').map(({ place, text }) => [place, text]))(
      'F13 serves a call and a WebSocket with %s',
      async (_, text) => {
        const place = folder()
        const [key, certificate] = [join(place, 'key.pem'), join(place, 'certificate.pem')]
        const subject = ['-subj', '/CN=chat.example.com', '-days', '2', '-nodes', '-newkey', 'rsa:2048']
        expect(run('openssl', ['req', '-x509', ...subject, '-keyout', key, '-out', certificate]).status).toBe(0)
        const [secure, plain] = [await freePort(), await freePort()]
        const site = text
          .replace(/ssl_certificate_key .*;/, `ssl_certificate_key ${key};`)
          .replace(/ssl_certificate +[^_].*;/, `ssl_certificate ${certificate};`)
          .replace(/listen \[::\].*\n/g, '\n')
          .replace('listen 443 ', `listen 127.0.0.1:${secure} `)
          .replace('listen 80;', `listen 127.0.0.1:${plain};`)
          .replace('http://127.0.0.1:3000', app.url)
        const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
          .map((name) => `${name}_temp_path ${place}/${name};`)
          .join('\n')
        const file = fileOf(
          `pid ${place}/pid;\nerror_log stderr;\ndaemon off;\nmaster_process off;\nevents {}\nhttp {\naccess_log off;\n${temporary}\n${site}\n}\n`,
          'nginx.conf',
        )
        const tested = run(findNginx() as string, ['-t', '-c', file])
        expect(tested.status, tested.output).toBe(0)
        const nginx = spawn(findNginx() as string, ['-c', file], { stdio: 'ignore' })
        const exited = new Promise((resolve) => nginx.once('exit', resolve))
        try {
          const agent = new Agent({ rejectUnauthorized: false })
          const ask = (path: string) =>
            new Promise<number | undefined>((resolve, reject) => {
              const options = { agent, headers: { host: 'chat.example.com' } }
              get(`https://127.0.0.1:${secure}${path}`, options, (response) => {
                response.resume().once('end', () => resolve(response.statusCode))
              }).once('error', reject)
            })
          await until(() =>
            ask('/healthz').then(
              (status) => status === 200,
              () => false,
            ),
          )
          expect(await ask('/metrics')).toBe(403)
          const { token } = await app.newCustomer()
          const socket = io(`https://127.0.0.1:${secure}`, {
            auth: { token },
            transports: ['websocket'],
            rejectUnauthorized: false,
            extraHeaders: { host: 'chat.example.com' },
          })
          await new Promise<void>((resolve, reject) => {
            socket.once('connect', resolve)
            socket.once('connect_error', reject)
          })
          expect((await socket.emitWithAck('conversation:list', {})).ok).toBe(true)
          socket.close()
        } finally {
          nginx.kill('SIGKILL')
          await exited
        }
      },
    )
  },
)
