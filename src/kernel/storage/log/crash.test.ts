import { suite, test } from 'node:test'
import { createRandom } from '#kernel/base/random.ts'
import { LogMachine } from './testing/log-machine.ts'

const small = { segmentBytes: 16 << 10, groupsMax: 4, dataBytesMax: 6000, boundaries: 24 }
const turns = 20

/** Runs until event `eventMax`; returns how many there were. */
async function run(machine: LogMachine, eventMax: number): Promise<number> {
  if (await machine.open(eventMax)) await machine.work(turns, eventMax)
  return machine.simulation.events
}

suite('node log after a crash', () => {
  for (const kind of ['powerLoss', 'kill'] as const) {
    test(`holds what was acknowledged and nothing invented: ${kind} at every event`, async () => {
      for (let seed = 1; seed <= 4; seed++) {
        const events = await run(new LogMachine(seed, small), Number.POSITIVE_INFINITY)
        for (let event = 1; event < events; event++) {
          const machine = new LogMachine(seed, small)
          await run(machine, event)
          machine.machine[kind]()
          machine.machine.restart()
          await machine.open()
        }
      }
    })
  }

  test('holds it through many crashes, also while it recovers, and between a kill and a power loss', async () => {
    for (let seed = 100; seed < 140; seed++) {
      const random = createRandom(seed).child('crashes')
      const machine = new LogMachine(seed, small)
      const { simulation } = machine
      for (let crash = 0; crash < 12; crash++) {
        await run(machine, simulation.events + 1 + random.below(random.below(2) === 0 ? 30 : 150))
        machine.machine[random.below(2) === 0 ? 'powerLoss' : 'kill']()
        machine.machine.restart()
      }
      await machine.open()
    }
  })
})
