import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { concatBytes, latin1Bytes } from '#kernel/base/bytes.ts'
import { readReply } from './reply-reader.ts'

/** The version that differential tests compare with: others differ in texts and in details. */
const versionWanted = /v=7\.0\.\d+/

/** Why a differential test cannot run here; undefined where it can. To give to `test` as its `skip`. */
export function realRedisMissing(): string | false {
  const { stdout, error } = spawnSync('redis-server', ['--version'], { encoding: 'utf8' })
  if (error) return 'redis-server is not installed: replies are NOT compared with the real one'
  if (!versionWanted.test(stdout)) return `redis-server is not 7.0 (${stdout.trim()}): replies are NOT compared`
  return false
}

/** So that its small collections, with long values too, are answered by one SCAN call, as ours are. */
const wholeScans = ['--hash-max-listpack-value', '100000', '--zset-max-listpack-value', '100000']

/** A real redis-server in memory, on a free port of the loopback, and one connection to it; it ends with the test. */
export async function startRealRedis(): Promise<RealRedis> {
  const port = await freePort()
  const server = spawn(
    'redis-server',
    [
      '--port',
      String(port),
      '--bind',
      '127.0.0.1',
      '--save',
      '',
      '--appendonly',
      'no',
      '--dir',
      tmpdir(),
      ...wholeScans,
    ],
    // SORT ALPHA follows the locale.
    { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, LC_ALL: 'C' } },
  )
  const kill = () => server.kill('SIGKILL')
  process.once('exit', kill)
  const exited = once(server, 'exit')
  const ended = exited.then(() => Promise.reject(new Error('redis-server ended before it was ready')))
  ended.catch(() => undefined)
  const ready = async () => {
    for await (const chunk of server.stdout) if (String(chunk).includes('Ready to accept connections')) return
  }
  await Promise.race([ready(), ended])
  server.stdout.resume()
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  return new RealRedis(socket, async () => {
    process.removeListener('exit', kill)
    kill()
    await exited
  })
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}

export class RealRedis {
  readonly #socket: Socket
  readonly #stop: () => Promise<void>
  /** Rejects when the server closes the connection, so that nobody waits for its replies for ever. */
  readonly #closed: Promise<never>

  constructor(socket: Socket, stop: () => Promise<void>) {
    this.#socket = socket
    this.#stop = stop
    this.#closed = once(socket, 'close').then(() => Promise.reject(new Error('the server closed the connection')))
    this.#closed.catch(() => undefined)
  }

  /** Sends commands at once and returns the bytes of their replies. One call at a time. */
  async pipeline(commands: readonly (readonly string[])[]): Promise<Uint8Array[]> {
    this.#socket.write(latin1Bytes(commands.map(encodeCommand).join('')))
    const replies: Uint8Array[] = []
    let pending: Uint8Array = new Uint8Array(0)
    while (replies.length < commands.length) {
      const [chunk] = (await Promise.race([once(this.#socket, 'data'), this.#closed])) as [Uint8Array]
      pending = concatBytes([pending, chunk])
      let at = 0
      for (let read = readReply(pending, at); read; read = at < pending.length ? readReply(pending, at) : undefined) {
        replies.push(pending.subarray(at, read.end))
        at = read.end
      }
      pending = pending.subarray(at)
    }
    return replies
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.destroy()
    await this.#stop()
  }
}

function encodeCommand(words: readonly string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`
}
