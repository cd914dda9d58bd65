import { testClock } from '../compliance/clock.ts'
import { testDisk } from '../compliance/disk.ts'
import { testNetwork } from '../compliance/network.ts'
import type { RunWithSubject } from '../compliance/subject.ts'
import { Simulation, type SimulationOptions } from './index.ts'

const onSimulation =
  (options: SimulationOptions): RunWithSubject =>
  async (body) => {
    const simulation = new Simulation(options)
    const subject = { host: simulation.machine('n1').host, other: simulation.machine('n2').host, hostName: 'n1' }
    await simulation.complete(body(subject), 3_600_000)
  }

const lan = onSimulation({ seed: 'compliance' })
testDisk('simulated', lan)
testClock('simulated', lan)
testNetwork('simulated', lan)

const rough = onSimulation({
  seed: 'rough',
  network: { splitChance: 0.9, lossChance: 0.02, windowBytes: 16_384, segmentBytes: 4_000 },
  disk: { parallel: 1, sync: { baseMs: 2, jitterMs: 20, spikeChance: 0.1, spikeMs: 100 } },
  clock: { timerLateMs: 0 },
})
testDisk('rough simulated', rough)
testNetwork('rough simulated', rough)
