import type { Host } from '#kernel/base/host.ts'
import { Simulation } from './index.ts'

/**
 * Prints how many events a second of real time the simulation runs on one core:
 * node src/host/simulated/rate.bench.ts
 */

/** A thousand timers that start anew when they fire. */
function timers(simulation: Simulation): void {
  const { clock, random } = simulation.machine('n1').host
  const start = () => void clock.timer(random.float() * 10, start)
  for (let i = 0; i < 1000; i++) start()
}

/** The same through promises: an async loop per sleeper. */
function sleepers(simulation: Simulation): void {
  const { clock, random } = simulation.machine('n1').host
  const loop = async () => {
    for (;;) await clock.sleep(random.float() * 10)
  }
  for (let i = 0; i < 1000; i++) void loop()
}

/** Three machines, forty connections between each two, a hundred bytes to and fro on each. */
function echoes(simulation: Simulation): void {
  const names = ['n1', 'n2', 'n3']
  const payload = new Uint8Array(100).fill(7)
  const listen = async (host: Host, name: string) => {
    await host.network.listen({ host: name, port: 1 }, (connection) => {
      connection.handler = { data: (chunk) => connection.write(chunk.slice()), closed() {} }
    })
  }
  for (const name of names) void listen(simulation.machine(name).host, name)
  for (const from of names) {
    for (const to of names) {
      if (from === to) continue
      for (let i = 0; i < 40; i++) {
        const connection = simulation
          .machine(from)
          .host.network.connect(
            { host: to, port: 1 },
            { opened: () => connection.write(payload), data: (chunk) => connection.write(chunk.slice()), closed() {} },
          )
      }
    }
  }
}

/** Eight files, each written and synced without end. */
function syncs(simulation: Simulation): void {
  const { disk } = simulation.machine('n1').host
  const chunks = [new Uint8Array(500).fill(3)]
  const start = async (name: string) => {
    const file = await disk.open(name, { create: true })
    const write = () => file.writeDurably(0, chunks, write)
    write()
  }
  for (let i = 0; i < 8; i++) void start(`file-${i}`)
}

for (const [name, load] of Object.entries({ timers, sleepers, echoes, syncs })) {
  const rates: number[] = []
  for (let round = 0; round < 3; round++) {
    const simulation = new Simulation({ seed: 1 })
    load(simulation)
    await simulation.run({ forMs: 20 })
    const eventsBefore = simulation.events
    const startMs = performance.now()
    while (performance.now() - startMs < 400) await simulation.run({ forMs: 10 })
    rates.push((simulation.events - eventsBefore) / ((performance.now() - startMs) / 1000))
  }
  rates.sort((a, b) => a - b)
  console.log(`${name.padEnd(10)} ${Math.round(rates[1]!).toLocaleString('en')} events/s`)
}
