import { utf8Bytes } from '#kernel/base/bytes.ts'
import type { Random } from '#kernel/base/host.ts'
import type { Configuration, ReplicaId } from '../configuration.ts'
import type { Message } from '../messages.ts'
import { encodeConfiguration, entryKinds, type RaftSettings } from '../raft.ts'
import {
  describeLog,
  describeMessage,
  describeProgress,
  describeRole,
  describeRound,
  describeWrite,
} from './describe.ts'
import { TestReplica, type ToyState } from './replica.ts'

/**
 * Plays a transcript: lines that begin with two spaces are what was seen, all others are kept, and those that are neither
 * empty nor a comment (`#`) are commands, which `testdata/README.md` explains. Time passes, disks finish and messages arrive
 * only where a command says so.
 */
export function playScript(text: string): string {
  const script = new Script()
  const lines: string[] = []
  for (const [at, line] of text.split('\n').entries()) {
    if (line.startsWith('  ')) continue
    lines.push(line)
    if (line === '' || line.startsWith('#')) continue
    try {
      for (const seen of script.play(line)) lines.push(`  ${seen}`)
    } catch (error) {
      throw new Error(`Line ${at + 1}, "${line}": ${(error as Error).message}`, { cause: error })
    }
  }
  return lines.join('\n')
}

/** A lease is 90 ms: 110 * (1 - 0.1) / (1 + 0.1). */
const settings = { electionTimeoutMs: 110, heartbeatMs: 20, clockDriftMax: 0.1, restAfterMs: 0 }

/** A snapshot under way. */
interface Transfer {
  readonly from: TestReplica
  readonly to: TestReplica
  readonly term: number
  readonly flushed: ToyState
}

type Command = (args: readonly string[]) => void

class Script {
  readonly #replicas = new Map<ReplicaId, TestReplica>()
  #nowMs = 0
  #network: Message[] = []
  #delayed: Message[] = []
  #transfers: Transfer[] = []
  #seen: string[] = []

  play(line: string): string[] {
    const words = line.split(' ')
    const isQuiet = words[0] === 'quietly'
    const [name = '', ...args] = isQuiet ? words.slice(1) : words
    const command = this.#commands[name]
    if (!command) throw new Error(`Cannot play "${name}": known are ${Object.keys(this.#commands).join(', ')}`)
    this.#seen = []
    command(args)
    return isQuiet ? this.#seen.filter((line) => /^\d+: /.test(line)) : this.#seen
  }

  readonly #commands: Readonly<Record<string, Command>> = {
    group: (args) => this.#group(args),
    lead: ([id]) => this.#lead(this.#replica(id)),
    wait: ([ms, ...ids]) => this.#wait(Number(ms), ids),
    campaign: ([id]) => this.#input(id, (replica) => replica.raft.campaign(this.#nowMs)),
    propose: ([id, ...words]) => {
      this.#input(id, ({ raft }) => this.#proposed(raft.propose(entryKinds.command, utf8Bytes(words.join(' ')))))
    },
    configure: ([id, ...words]) => {
      const data = encodeConfiguration(parseConfiguration(words))
      this.#input(id, ({ raft }) => this.#proposed(raft.propose(entryKinds.configuration, data)))
    },
    transfer: ([id, , to]) => {
      this.#input(id, ({ raft }) => this.#say(raft.transferTo(Number(to), this.#nowMs) ? 'begun' : 'refused'))
    },
    confirm: ([id]) => this.#input(id, ({ raft }) => raft.confirm(this.#nowMs)),
    deliver: ([link, count]) => this.#take(link, count).forEach((message) => void this.#deliver(message)),
    lose: ([link, count]) => {
      for (const message of this.#take(link, count)) this.#say(`lost: ${nameOf(message)}`)
    },
    delay: ([link, count]) => void this.#delayed.push(...this.#take(link, count)),
    release: () => void this.#network.push(...this.#delayed.splice(0)),
    sync: ([id, count]) => this.#sync(this.#replica(id), count === undefined ? undefined : Number(count)),
    settle: () => this.#settle(),
    crash: ([id, , kept]) => this.#replica(id).crash(Number(kept ?? 0)),
    restart: ([id]) => this.#input(id, (replica) => replica.restart(this.#nowMs)),
    reconnect: ([id, to]) => this.#input(id, ({ raft }) => raft.reconnected(Number(to), this.#nowMs)),
    disconnect: ([id, from]) => this.#input(id, ({ raft }) => raft.disconnected(Number(from), this.#nowMs)),
    flush: ([id, , boundary]) => {
      this.#input(id, (replica) => replica.flush(boundary === undefined ? replica.state.index : Number(boundary)))
    },
    snapshot: ([link, how]) => this.#snapshot(link, how),
    show: (ids) => this.#show(ids),
  }

  // ---- commands ----

  /** `group voters 1 2 3 learners 4`, and further ones that nobody knows of yet: `spare 5`; also `in-flight 2`, `bytes 10`. */
  #group(args: readonly string[]): void {
    const lists = parseLists(args)
    const configuration = parseConfiguration(args)
    const limits: RaftSettings = {
      ...settings,
      appendsInFlightMax: lists.get('in-flight')?.[0] ?? 8,
      appendBytesMax: lists.get('bytes')?.[0] ?? 1000,
    }
    for (const id of [...configuration.voters, ...configuration.learners, ...(lists.get('spare') ?? [])]) {
      const random = steadyRandom((id - 1) / 10)
      this.#replicas.set(id, new TestReplica({ id, settings: limits, configuration, random, nowMs: 0 }))
    }
  }

  /** For the beginning: one campaigns, leads, and its first entry is known to be committed everywhere 20 ms later. */
  #lead(replica: TestReplica): void {
    this.#inputTo(replica, ({ raft }) => raft.campaign(this.#nowMs))
    this.#settle()
    this.#wait(settings.heartbeatMs, [`${replica.id}`])
    this.#settle()
    const { role, term, committed } = replica.raft
    this.#seen = [`at ${this.#nowMs}`, `${replica.id}: ${role}, term ${term}, committed ${committed}`]
  }

  #wait(ms: number, ids: readonly string[]): void {
    this.#nowMs += ms
    this.#say(`at ${this.#nowMs}`)
    for (const replica of ids.length > 0 ? ids.map((id) => this.#replica(id)) : this.#replicas.values()) {
      if (replica.isUp) this.#inputTo(replica, ({ raft }) => raft.tick(this.#nowMs))
    }
  }

  #sync(replica: TestReplica, count = Number.POSITIVE_INFINITY): void {
    for (let left = Math.min(count, replica.writes.length); left > 0; left--) {
      this.#say(`${replica.id} synced: ${describeWrite(replica.writes[0]!)}`)
      this.#inputTo(replica, () => this.#send(replica.finishWrite(this.#nowMs)!.messages))
    }
  }

  /** All disks finish and all messages arrive, again and again, until nothing is left. */
  #settle(): void {
    for (let rounds = 0; rounds < 100; rounds++) {
      for (const replica of this.#replicas.values()) this.#sync(replica)
      const messages = this.#take()
      const isOver = messages.length === 0 && [...this.#replicas.values()].every(({ writes }) => writes.length === 0)
      if (isOver) return
      for (const message of messages) this.#deliver(message)
    }
    throw new Error('This does not settle')
  }

  #snapshot(link: string | undefined, how: string | undefined): void {
    const at = this.#transfers.findIndex(({ from, to }) => `${from.id}>${to.id}` === link)
    const [transfer] = at < 0 ? [] : this.#transfers.splice(at, 1)
    if (!transfer) throw new Error('No snapshot is under way there')
    const { from, to, term, flushed } = transfer
    const arrives = how === 'arrives'
    if (arrives) {
      this.#inputTo(to, () => {
        const isUsed = to.install(flushed, term)
        this.#say(`${to.id} ${isUsed ? 'takes in' : 'has no use for'} the state as of ${flushed.index}@${flushed.term}`)
        for (const write of to.writes) if (write.anew) this.#say(`${to.id} writes ${describeWrite(write)}`)
      })
    }
    this.#inputTo(from, ({ raft }) => raft.snapshotFinished(to.id, flushed.index, arrives))
  }

  #show(ids: readonly string[]): void {
    for (const { id, isUp, raft } of ids.length > 0 ? ids.map((id) => this.#replica(id)) : this.#replicas.values()) {
      if (!isUp) {
        this.#say(`${id} is down`)
        continue
      }
      const parts = Object.values(describeRole(raft)).filter((text) => text !== '')
      this.#say(`${id}: ${parts.join(', ')}`)
      this.#say(`  ${describeLog(raft)}`)
      if (raft.role !== 'leader') continue
      const untilMs = Math.floor(raft.confirmedMs() + raft.leaseMs)
      const lease = raft.holdsLease(this.#nowMs) ? `holds a lease until ${untilMs}` : 'holds no lease'
      this.#say(`  ${raft.isReady ? 'ready' : 'not ready'}, ${lease}, a majority: ${describeRound(raft.confirmedMs())}`)
      for (const [replica, progress] of raft.progress) this.#say(`  ${describeProgress(replica, progress)}`)
    }
  }

  // ---- inputs and effects ----

  #input(id: string | undefined, input: (replica: TestReplica) => void): void {
    this.#inputTo(this.#replica(id), input)
  }

  /** Gives an input to a replica, ends its turn, and says what has changed and what it wants. */
  #inputTo(replica: TestReplica, input: (replica: TestReplica) => void): void {
    const before = describeRole(replica.raft)
    input(replica)
    const { now, snapshots, write } = replica.endTurn(this.#nowMs)
    replica.apply()
    const after = describeRole(replica.raft)
    const changes = Object.entries(after).filter(([name, text]) => text !== '' && text !== before[name])
    if (changes.length > 0) this.#say(`${replica.id}: ${changes.map(([, text]) => text).join(', ')}`)
    this.#send(now)
    if (write) this.#say(`${replica.id} writes ${describeWrite(write)}`)
    for (const message of write?.messages ?? []) this.#say(`  then ${nameOf(message)}`)
    for (const to of snapshots) {
      this.#say(`${replica.id} sends ${to} a snapshot`)
      const transfer = { from: replica, to: this.#replica(`${to}`), term: replica.raft.term }
      this.#transfers.push({ ...transfer, flushed: replica.disk.flushed })
    }
  }

  #proposed(index: number): void {
    if (index === 0) this.#say('refused')
  }

  #send(messages: readonly Message[]): void {
    for (const message of messages) {
      this.#say(nameOf(message))
      this.#network.push(message)
    }
  }

  #deliver(message: Message): void {
    const receiver = this.#replica(`${message.to}`)
    this.#say(`${message.to} gets from ${message.from}: ${describeMessage(message)}`)
    if (receiver.isUp) this.#inputTo(receiver, ({ raft }) => raft.receive(message, this.#nowMs))
    else this.#say(`${message.to} is down`)
  }

  /** What is on its way on a link (`1>2`, `1>` from 1, `>2` to 2), the oldest `count` of it, in the order of sending. */
  #take(link = '>', count?: string): Message[] {
    const [from = '', to = ''] = link.split('>')
    const isMeant = (message: Message) =>
      (from === '' || message.from === Number(from)) && (to === '' || message.to === Number(to))
    const taken = this.#network.filter(isMeant).slice(0, count === undefined ? undefined : Number(count))
    this.#network = this.#network.filter((message) => !taken.includes(message))
    return taken
  }

  #replica(id: string | undefined): TestReplica {
    const replica = this.#replicas.get(Number(id))
    if (!replica) throw new Error(`There is no replica ${id}`)
    return replica
  }

  #say(line: string): void {
    this.#seen.push(line)
  }
}

function nameOf(message: Message): string {
  return `${message.from} → ${message.to}: ${describeMessage(message)}`
}

/** `voters 1 2 learners 3` as numbers by their word. */
function parseLists(words: readonly string[]): Map<string, number[]> {
  const lists = new Map<string, number[]>()
  let list: number[] = []
  for (const word of words) {
    if (/^\d+$/.test(word)) list.push(Number(word))
    else lists.set(word, (list = []))
  }
  return lists
}

function parseConfiguration(words: readonly string[]): Configuration {
  const lists = parseLists(words)
  const get = (name: keyof Configuration) => lists.get(name) ?? []
  return { voters: get('voters'), outgoing: get('outgoing'), learners: get('learners') }
}

/** Election timeouts without chance: every draw is `fraction`. */
function steadyRandom(fraction: number): Random {
  const random: Random = {
    uint32: () => Math.floor(fraction * 2 ** 32),
    float: () => fraction,
    below: (bound) => Math.floor(fraction * bound),
    bytes: (length) => new Uint8Array(length),
    child: () => random,
  }
  return random
}
