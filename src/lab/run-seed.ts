import { type FaultCounts, Simulation } from '#host/simulated/index.ts'
import { createRandom } from '#kernel/base/random.ts'
import { compareReplicas } from './checkers/replicas.ts'
import { checkTopics } from './checkers/topics/check-topics.ts'
import { ClockSpread } from './cluster/clock-spread.ts'
import { Cluster } from './cluster/cluster.ts'
import type { ClusterNode, NodeProgram } from './cluster/cluster-node.ts'
import { Observer } from './cluster/observer.ts'
import { type Release, watched, withTopics } from './cluster/releases.ts'
import type { Notes } from './cluster/trace.ts'
import type { LabConfiguration } from './configuration.ts'
import { drawConfiguration, withOverrides } from './configuration.ts'
import { castOut, ledBy } from './faults/lasting-cut.ts'
import { Nemesis } from './faults/nemesis.ts'
import type { NamedScenario } from './faults/scenarios.ts'
import { historyLines } from './history-lines.ts'
import { judge } from './judge.ts'
import type { Request } from './redis/requests.ts'
import { TopicHistory } from './topics/topic-history.ts'
import type { BrokerSite } from './topics/topic-load.ts'
import { TopicLoad } from './topics/topic-load.ts'
import type { TopicProfile } from './topics/topic-profile.ts'
import { Client } from './workload/client.ts'
import { Keys } from './workload/keys.ts'
import { objectKinds } from './workload/kinds/index.ts'
import { Prober } from './workload/prober.ts'
import { Recorder } from './workload/recorder.ts'
import type { WorkloadName } from './workload/workloads.ts'
import { workloads } from './workload/workloads.ts'

export interface SeedOptions {
  readonly seed: number
  readonly scenario: NamedScenario
  /** Instead of the one that the seed draws. */
  readonly workload?: WorkloadName | undefined
  /** What runs on the nodes. */
  readonly program: NodeProgram
  /** Newer ones behind; runs of one version take the first. */
  readonly releases: readonly Release[]
  /** Told what happens, event by event, for people. */
  readonly trace?: ((line: string) => void) | undefined
  /** Given the run's history at its end (`history-lines.ts`). */
  readonly history?: ((lines: Iterable<string>) => void) | undefined
  /** Rejections of promises that nobody handled, since the last call. */
  readonly takeRejections: () => readonly unknown[]
}

export interface SeedReport {
  readonly seed: number
  readonly scenario: string
  readonly verdict: 'pass' | 'fail'
  /** What was wrong, for people: one text for each violation. Empty where the verdict is `pass`. */
  readonly violations: readonly string[]
  /** Of the simulation. */
  readonly events: number
  /** Operations that were answered and checked. */
  readonly operations: number
  /** Operations that were refused as not done, and that got no reply. */
  readonly refused: number
  readonly lost: number
  readonly traceHash: string
  readonly simulatedMs: number
  /** How often each kind of fault was begun. */
  readonly faults: Readonly<Record<string, number>>
  readonly nodes: number
  readonly shards: number
}

/** More events than any honest run has: a run that goes on for ever ends here. */
const eventsMax = 20_000_000
const probeKeys = 8
/** Where topics are what is to be looked at, other objects are used so much less. */
const besideTopicsFactor = 10
/** Election timeouts until a leader that no majority hears, or that hears none, must have seen it. */
const stepDownTimeouts = 4
/** Simulated time goes on in steps of so much; the harness looks at the run between them. */
const stepMs = 50

/**
 * Runs one cluster under one seed and judges it.
 * @param configuration instead of the one that the seed draws.
 */
export async function runSeed(options: SeedOptions, configuration?: LabConfiguration): Promise<SeedReport> {
  const drawn = configuration ?? drawConfiguration(createRandom(options.seed).child('configuration'))
  const said = withOverrides(drawn, options.scenario)
  const { workload } = options
  if (workload === undefined) return new SeedRun(options, said).run()
  const hasTopics = workload === 'topics'
  const thinkMs = said.profile.thinkMs * (hasTopics ? besideTopicsFactor : 1)
  const profile = { ...said.profile, thinkMs, keyKinds: workloads[workload].kinds }
  return new SeedRun(options, { ...said, profile, hasTopics }).run()
}

class SeedRun {
  readonly #options: SeedOptions
  readonly #configuration: LabConfiguration
  readonly #simulation: Simulation
  readonly #cluster: Cluster
  readonly #observer: Observer
  readonly #clocks: ClockSpread
  readonly #nemesis: Nemesis
  readonly #recorder: Recorder
  readonly #notes: Notes | undefined
  readonly #topicHistory = new TopicHistory()
  readonly #topics: TopicLoad | undefined
  readonly #violations: string[] = []
  /** How often evaluators of a version ran, where nodes are of several. */
  readonly #ran: Record<string, number> = {}

  constructor(options: SeedOptions, configuration: LabConfiguration) {
    this.#options = options
    this.#configuration = configuration
    this.#simulation = new Simulation({ seed: options.seed, ...configuration.simulation })
    const { trace } = options
    this.#notes =
      trace && ((who, text) => trace(`${this.#simulation.nowMs.toFixed(3).padStart(11)}  ${who.padEnd(9)} ${text}`))
    this.#recorder = new Recorder({
      keys: new Keys(configuration.profile),
      notes: this.#notes,
      nowMs: () => this.#simulation.nowMs,
      oneShard: configuration.shards === 1,
    })
    const releases = configuration.hasTopics ? withTopics(options.releases) : options.releases
    this.#cluster = new Cluster({
      simulation: this.#simulation,
      nodeCount: configuration.nodeCount,
      shards: configuration.shards,
      settings: configuration.settings,
      releases: configuration.mixed
        ? watched(releases, (version) => {
            this.#ran[`version${version}`] = (this.#ran[`version${version}`] ?? 0) + 1
          })
        : releases.slice(0, 1),
      program: options.program,
      notes: this.#notes,
      anomaly: (text) => this.#violations.push(text),
    })
    if (configuration.hasTopics) this.#topics = this.#makeTopicLoad(configuration.topics)
    this.#clocks = new ClockSpread(this.#cluster)
    this.#observer = new Observer(this.#cluster, (text) => this.#violations.push(text))
    this.#nemesis = new Nemesis({
      cluster: this.#cluster,
      random: this.#simulation.random.child('nemesis'),
      scenario: options.scenario,
      watchNext: (watcher) => this.#recorder.watchNext(watcher),
      clientsOf: (node) => [clientMachine(node)],
      electionTimeoutMs: configuration.settings.electionTimeoutMs,
      notes: this.#notes,
    })
  }

  async run(): Promise<SeedReport> {
    this.#options.takeRejections()
    this.#notes?.('lab', `configuration ${JSON.stringify(this.#configuration)}`)
    try {
      await this.#play()
    } catch (error) {
      this.#violations.push(`the run threw: ${error instanceof Error ? error.stack : error}`)
    }
    for (const rejection of this.#options.takeRejections()) {
      this.#violations.push(
        `a promise was rejected and nobody handled it: ${rejection instanceof Error ? rejection.stack : rejection}`,
      )
    }
    this.#judge()
    this.#options.history?.(historyLines(this.#recorder.history, (object) => this.#recorder.keys.kindOf(object)))
    return this.#report()
  }

  /** Forms the cluster, lets clients and faults loose on it, heals it, demands answers, and may stop and start all of it. */
  async #play(): Promise<void> {
    const { nodes } = this.#cluster
    this.#cluster.start()
    const isReady = (): boolean => this.#cluster.whole.every((node) => node.running !== undefined)
    if (!(await this.#wait(isReady, 'all nodes are ready'))) return
    if (!(await this.#probe('before', [], 'every node answers after the start'))) return

    void this.#topics?.create()
    if (!(await this.#wait(() => this.#topics?.isCreated ?? true, 'the topics are made'))) return

    const clients = this.#makeClients()
    for (const client of clients) client.start()
    this.#topics?.start()
    this.#nemesis.start()
    this.#observe()
    await this.#simulation.run({ forMs: this.#configuration.faultMs, until: this.#tooLong })
    this.#nemesis.stop()
    this.#simulation.faultPoints.disable()

    if (!(await this.#wait(isReady, 'all nodes are ready again'))) return
    for (const client of clients) client.finish()
    this.#topics?.finish()
    if (!(await this.#wait(() => clients.every((client) => client.isFinished), 'every client has its replies'))) return
    const isDone = (): boolean => this.#topics?.isFinished ?? true
    if (!(await this.#wait(isDone, 'every record is acknowledged and every consumer has ended'))) return
    if (!(await this.#probeAll('after', 'every node answers for every key after the faults'))) return
    const committed = this.#observer.committed()
    if (!(await this.#wait(() => this.#observer.hasApplied(committed), 'every replica applies what was committed')))
      return
    if (!(await this.#compareReplicas())) return
    if (!(await this.#goOnWithoutOne())) return

    const ending = this.#configuration.ending
    if (ending === 'none') return
    this.#notes?.('lab', `ends with: ${ending}`)
    for (const node of nodes) node[ending]()
    if (!(await this.#wait(() => nodes.every((node) => !node.isAlive), 'all nodes have stopped'))) return
    this.#cluster.revive()
    if (!(await this.#wait(isReady, 'all nodes are ready after a restart of all'))) return
    await this.#probeAll('restarted', 'every node answers for every key after a restart of all')
  }

  /** Writes to every partition and reads all of it, as every node says who leads. */
  async #probeTopics(when: string): Promise<boolean> {
    if (!this.#topics) return true
    const sites = this.#cluster.whole.map(siteOf)
    const isWritten = this.#topics.writeThrough(when, sites)
    if (!(await this.#wait(isWritten, `every partition takes a record, ${when}`))) return false
    return this.#wait(this.#topics.readThrough(when, sites), `every partition is read, ${when}`)
  }

  #makeTopicLoad(profile: TopicProfile): TopicLoad {
    const sites = this.#cluster.nodes.map(siteOf)
    return new TopicLoad({ simulation: this.#simulation, sites, profile, history: this.#topicHistory })
  }

  /** Waits until all replicas of each shard stand at one index, and has them read all that they hold. */
  async #compareReplicas(): Promise<boolean> {
    const { progressMs } = this.#configuration
    const endMs = this.#simulation.nowMs + progressMs
    for (;;) {
      const found = await this.#simulation.complete(compareReplicas(this.#cluster.whole), progressMs)
      if (Array.isArray(found)) {
        this.#violations.push(...found)
        return found.length === 0
      }
      if (this.#simulation.nowMs >= endMs) {
        this.#violations.push(
          `no progress: not within ${progressMs} ms: all replicas of ${found.group} are whole and at one index`,
        )
        return false
      }
      await this.#simulation.run({ forMs: stepMs, until: this.#tooLong })
    }
  }

  /**
   * Where the run has a lasting cut: the node leads no more within a few election timeouts, the others answer for every key while the cut
   * lasts, and all nodes when it is over.
   */
  async #goOnWithoutOne(): Promise<boolean> {
    const { lastingCut } = this.#configuration
    const outcast = castOut(this.#cluster, this.#simulation.random.child('lasting cut'), lastingCut)
    if (outcast === undefined) return true
    const { node, others, heal } = outcast
    this.#notes?.('lab', `${node.name}, which leads, is ${lastingCut} from now on`)
    const { electionTimeoutMs } = this.#configuration.settings
    await this.#simulation.run({ forMs: stepDownTimeouts * electionTimeoutMs, until: this.#tooLong })
    for (const { group, term } of ledBy(node)) {
      this.#violations.push(
        `no progress: ${node.name}, ${lastingCut} for ${stepDownTimeouts} election timeouts, leads ${group} in term ${term}`,
      )
    }
    const what = `all others answer for every key while ${node.name} is ${lastingCut}`
    if (!(await this.#probe('meanwhile', this.#recorder.keys.all, what, others))) return false
    heal()
    this.#notes?.('lab', `${node.name} is whole again`)
    return this.#probe('healed', [], `every node answers when ${node.name} is whole again`)
  }

  /** Looks at the nodes every now and then, until the run ends. */
  #observe(): void {
    const periodMs = this.#configuration.settings.electionTimeoutMs / 4
    const look = (): void => {
      this.#observer.look()
      this.#simulation.at(periodMs, look)
    }
    look()
  }

  async #probeAll(when: string, what: string): Promise<boolean> {
    return (await this.#probe(when, this.#recorder.keys.all, what)) && this.#probeTopics(when)
  }

  /** Asked between all events of a run. */
  readonly #tooLong = (): boolean => {
    this.#clocks.look()
    return this.#simulation.events > eventsMax
  }

  /** Whether `condition` came true within the time that progress may take. */
  async #wait(condition: () => boolean, what: string): Promise<boolean> {
    const { progressMs } = this.#configuration
    const endMs = this.#simulation.nowMs + progressMs
    while (!condition()) {
      if (this.#violations.length > 0) return false
      if (this.#simulation.nowMs >= endMs || this.#tooLong()) {
        this.#violations.push(`no progress: not within ${progressMs} ms (${this.#simulation.events} events): ${what}`)
        for (const line of this.#cluster.standings()) this.#notes?.('lab', line)
        return false
      }
      await this.#simulation.run({ forMs: stepMs, until: this.#tooLong })
    }
    return true
  }

  /** Writes fresh keys and reads `keys` through every node. */
  async #probe(when: string, keys: readonly string[], what: string, nodes = this.#cluster.whole): Promise<boolean> {
    const probers = nodes.map((node) => {
      const { clock, network } = this.#simulation.machine(clientMachine(node.name)).host
      const fresh = Array.from({ length: probeKeys }, (_, i) => `${when}.${node.name}.${i}`)
      const tasks: Request[] = [
        ...fresh.map((key) => ({ command: 'set', key, argument: node.name })),
        ...[...keys, ...fresh].map((key) => ({ key, ...objectKinds[this.#recorder.keys.kindOf(key)].probe })),
      ]
      const { timeoutMs } = this.#configuration.profile
      return new Prober({ clock, network, address: node.redis, recorder: this.#recorder, tasks, timeoutMs })
    })
    return this.#wait(() => probers.every((prober) => prober.left === 0), what)
  }

  #makeClients(): Client[] {
    const { profile } = this.#configuration
    const random = this.#simulation.random.child('clients')
    return this.#cluster.nodes.flatMap((node, home) =>
      Array.from({ length: profile.clientsPerNode }, (_, i) => {
        const number = home * profile.clientsPerNode + i
        const { clock, network } = this.#simulation.machine(clientMachine(node.name)).host
        return new Client({
          number,
          clock,
          network,
          random: random.child(String(number)),
          addresses: this.#cluster.addresses,
          home,
          profile,
          recorder: this.#recorder,
        })
      }),
    )
  }

  #judge(): void {
    const { history, keys, anomalies } = this.#recorder
    this.#violations.push(
      ...anomalies,
      ...checkTopics(this.#topicHistory),
      ...judge(history, { kindOf: (object) => keys.kindOf(object), clockErrorMs: this.#clocks.errorMs }),
    )
  }

  #report(): SeedReport {
    const { seed, scenario } = this.#options
    return {
      seed,
      scenario: scenario.name,
      verdict: this.#violations.length === 0 ? 'pass' : 'fail',
      violations: this.#violations,
      events: this.#simulation.events,
      operations: this.#recorder.answered + this.#topicHistory.answered,
      refused: this.#recorder.refused + this.#topicHistory.refused,
      lost: this.#recorder.lost + this.#topicHistory.lost,
      traceHash: this.#simulation.traceHash,
      simulatedMs: Math.round(this.#simulation.nowMs),
      faults: {
        ...this.#nemesis.counts,
        ...effectsOf(this.#simulation.faults),
        ...this.#simulation.faultPoints.hits,
        ...this.#ran,
      },
      nodes: this.#configuration.nodeCount,
      shards: this.#configuration.shards,
    }
  }
}

/** What faults came to, beside how often they were begun. */
function effectsOf(counts: FaultCounts): Record<string, number> {
  const { sectorsLost, namesLost, readErrors, writeErrors, syncErrors, directoryErrors, fullWrites, rotten } = counts
  const effects = { sectorsLost, namesLost, readErrors, writeErrors, syncErrors, directoryErrors, fullWrites, rotten }
  return Object.fromEntries(Object.entries(effects).filter(([, count]) => count > 0))
}

function siteOf({ name, kafka }: ClusterNode): BrokerSite {
  return { name, kafka, clientMachine: clientMachine(name) }
}

function clientMachine(node: string): string {
  return `client-${node}`
}
