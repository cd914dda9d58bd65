import type { Random } from '#kernel/base/host.ts'
import type { Step } from '../../redis/group-commands.ts'
import { argumentOf } from '../../redis/requests.ts'
import type { Drawn, DrawOptions, ObjectKind } from './object-kind.ts'
import { pick } from './object-kind.ts'

const keys = ['x', 'y', 'z']
const readAll = '0 -1'

function drawStep(random: Random, place: number, { mayWrite, readShare, unique }: DrawOptions): Step {
  const isRead = random.float() < readShare || !mayWrite
  return isRead ? ['lrange', pick(random, keys), readAll] : ['rpush', pick(random, keys), `${unique}${'abcd'[place]}`]
}

/**
 * Lists that only grow, by elements that are all different, in transactions over several of them: from what is read of them follows
 * which transaction came before which.
 */
export const appendsKind: ObjectKind = {
  judge: 'appends',
  isGroup: true,
  draw(random, options) {
    const count = random.below(5)
    const steps = Array.from({ length: Math.max(1, count) }, (_, place) => drawStep(random, place, options))
    const operation: Drawn = { command: count === 0 ? 'one' : 'exec', argument: argumentOf(steps) }
    return { operations: [operation] }
  },
  probe: { command: 'exec', argument: argumentOf(keys.map((key): Step => ['lrange', key, readAll])) },
  writesMax: 75,
}
