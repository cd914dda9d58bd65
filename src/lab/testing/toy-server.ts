import { latin1Bytes, latin1Text } from '#kernel/base/bytes.ts'
import type { Connection, DiskFile } from '#kernel/base/host.ts'
import type { NodeOptions, RunningNode } from '#node/node-types.ts'
import type { StringCommand } from '../redis/string-commands.ts'
import { stringCommands } from '../redis/string-commands.ts'

/** What a careless server would do. */
export interface Flaws {
  /** Answers before the write is on disk. */
  readonly answersEarly?: boolean
  /** Does an INCR twice, now and then. */
  readonly doublesIncrements?: boolean
  /** Reads what was true some time ago, now and then. */
  readonly readsStale?: boolean
  /** Stops answering after so many commands of one life. */
  readonly diesAfter?: number
}

/**
 * A Redis of one node for tests of the lab itself: strings only, every write in a log that is synced before the answer, read
 * again at the start. Its commands' meaning is the model's own, so that it is right unless it is told to be wrong.
 */
export function toyServer(flaws: Flaws = {}): (options: NodeOptions) => Promise<RunningNode> {
  return async ({ name, host, listen }) => {
    const file = await host.disk.open('toy.log', { create: true })
    await host.disk.syncDirectory('')
    const toy = new ToyServer(file, flaws, () => host.random.float())
    await toy.recover()
    const listener = await host.network.listen(listen.redis!, (connection) => toy.accept(connection))
    return {
      name,
      clusterId: 'lab',
      endpoints: { redis: listener.address },
      status: () => ({
        node: name,
        clusterId: 'lab',
        nodes: [],
        shards: [],
        partitions: [],
        disk: { logBytes: file.size, tableBytes: 0, damages: 0 },
      }),
      digest: async () => undefined,
      stop: () => listener.close(),
    }
  }
}

class ToyServer {
  readonly #file: DiskFile
  readonly #flaws: Flaws
  readonly #chance: () => number
  readonly #states = new Map<string, string | undefined>()
  readonly #before = new Map<string, string | undefined>()
  #end = 0
  #queued: { readonly bytes: Uint8Array; readonly answer: () => void }[] = []
  #isWriting = false
  #commands = 0

  constructor(file: DiskFile, flaws: Flaws, chance: () => number) {
    this.#file = file
    this.#flaws = flaws
    this.#chance = chance
  }

  async recover(): Promise<void> {
    const text = latin1Text(await this.#file.read(0, this.#file.size))
    const lines = text.split('\n')
    for (const line of lines.slice(0, -1)) {
      // A torn tail: unsynced, so never answered.
      if (!line.endsWith(']')) break
      const [key, state] = JSON.parse(line) as [string, string | null]
      this.#states.set(key, state ?? undefined)
      this.#end += line.length + 1
    }
    await this.#file.truncate(this.#end)
    await this.#file.sync()
  }

  accept(connection: Connection): void {
    let text = ''
    let tail: Promise<void> = Promise.resolve()
    connection.handler = {
      data: (chunk) => {
        text += latin1Text(chunk)
        for (let words = takeCommand(text); words !== undefined; words = takeCommand(text)) {
          text = text.slice(words.length)
          const answered = this.#answer(words.words)
          tail = tail.then(() => answered).then((reply) => connection.write(latin1Bytes(reply)))
        }
      },
      closed: () => undefined,
    }
  }

  /** One after the other: replies in the order of the commands. */
  #answer(words: readonly string[]): Promise<string> {
    return new Promise((resolve) => {
      if (words[0] === 'HELLO') {
        resolve('%1\r\n+server\r\n+toy\r\n')
        return
      }
      if (++this.#commands > (this.#flaws.diesAfter ?? Number.POSITIVE_INFINITY)) return
      const { command, key, argument } = commandOf(words)
      const repeats = this.#flaws.doublesIncrements && command === 'incr' && this.#chance() < 0.1
      const isStale = this.#flaws.readsStale && command === 'get' && this.#chance() < 0.1
      const state = (isStale ? this.#before : this.#states).get(key)
      let outcome = stringCommands[command].apply(state, argument)
      if (repeats) outcome = stringCommands[command].apply(outcome.state, argument)
      const reply = wireOf(outcome.reply)
      if (!stringCommands[command].changes(outcome.reply)) {
        this.#afterWrites(() => resolve(reply))
        return
      }
      this.#before.set(key, state)
      this.#states.set(key, outcome.state)
      const bytes = latin1Bytes(`${JSON.stringify([key, outcome.state ?? null])}\n`)
      this.#queued.push({ bytes, answer: () => resolve(reply) })
      if (this.#flaws.answersEarly) resolve(reply)
      this.#flush()
    })
  }

  #afterWrites(answer: () => void): void {
    if (this.#queued.length === 0 && !this.#isWriting) answer()
    else this.#queued.push({ bytes: new Uint8Array(0), answer })
  }

  #flush(): void {
    if (this.#isWriting || this.#queued.length === 0) return
    this.#isWriting = true
    const batch = this.#queued
    this.#queued = []
    const at = this.#end
    for (const { bytes } of batch) this.#end += bytes.length
    this.#file.writeDurably(
      at,
      batch.map(({ bytes }) => bytes),
      () => {
        this.#isWriting = false
        for (const { answer } of batch) answer()
        this.#flush()
      },
    )
  }
}

function takeCommand(text: string): { readonly words: string[]; readonly length: number } | undefined {
  const header = /^\*(\d+)\r\n/.exec(text)
  if (header === null) return undefined
  let at = header[0].length
  const words: string[] = []
  for (let i = 0; i < Number(header[1]); i++) {
    const end = text.indexOf('\r\n', at)
    if (end < 0) return undefined
    const length = Number(text.slice(at + 1, end))
    if (text.length < end + 2 + length + 2) return undefined
    words.push(text.slice(end + 2, end + 2 + length))
    at = end + 2 + length + 2
  }
  return { words, length: at }
}

/** Finds the row whose words these are. */
function commandOf(words: readonly string[]): { command: StringCommand; key: string; argument: string } {
  const key = words[1]!
  const isExact = words[0] === 'GETRANGE' || words[0] === 'SETRANGE'
  const argument = isExact ? `${words[2]} ${words[3]}` : (words[2] ?? '')
  for (const command of Object.keys(stringCommands) as StringCommand[]) {
    const wanted = stringCommands[command].words(key, argument)
    if (wanted.length === words.length && wanted.every((word, i) => word === words[i]))
      return { command, key, argument }
  }
  throw new Error(`The toy server knows no ${words[0]}`)
}

function wireOf(reply: string): string {
  if (reply === '_') return '$-1\r\n'
  return reply[0] === '$' ? `$${reply.length - 1}\r\n${reply.slice(1)}\r\n` : `${reply}\r\n`
}
