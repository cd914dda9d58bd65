import type { Random } from '#kernel/base/host.ts'
import { elementsOf } from '../../redis/command.ts'
import type { Step } from '../../redis/group-commands.ts'
import { argumentOf } from '../../redis/requests.ts'
import type { Dialogue, Drawn, ObjectKind } from './object-kind.ts'
import { pick } from './object-kind.ts'

/** An account that is not there holds 0, as for INCRBY. Accounts may be overdrawn, so that their sum is always 0. */
export const bankAccounts: readonly string[] = ['a', 'b', 'c', 'd']

const readAll: Step = ['mget', '', bankAccounts.join(' ')]
const exec = (...steps: Step[]): Drawn => ({ command: 'exec', argument: argumentOf(steps) })

function drawTransfer(random: Random): { readonly from: string; readonly to: string; readonly amount: number } {
  const from = random.below(bankAccounts.length)
  const to = (from + 1 + random.below(bankAccounts.length - 1)) % bankAccounts.length
  return { from: bankAccounts[from]!, to: bankAccounts[to]!, amount: 1 + random.below(100) }
}

/** By commands that need not know the balance. */
function transferBlindly(random: Random): Dialogue {
  const { from, to, amount } = drawTransfer(random)
  const steps: Step[] = [
    ['decrBy', from, String(amount)],
    ['incrBy', to, String(amount)],
  ]
  return { operations: [random.below(3) === 0 ? exec(...steps, readAll) : exec(...steps)] }
}

/** By reading both balances and setting both, if neither has changed. */
function transferWatching(random: Random): Dialogue {
  const { from, to, amount } = drawTransfer(random)
  const both = `${from} ${to}`
  return {
    operations: [
      { command: 'watch', argument: both },
      { command: 'one', argument: argumentOf([['mget', '', both]]) },
    ],
    next(reply) {
      if (reply === undefined) return [{ command: 'unwatch', argument: '' }]
      const [before, beforeTo] = elementsOf(reply).map(balanceOf) as [number, number]
      return [exec(['set', from, String(before - amount)], ['set', to, String(beforeTo + amount)])]
    },
  }
}

/** Of an element of MGET's reply. */
export function balanceOf(element: string): number {
  return Number(element.slice(1))
}

/** Transfers between accounts of one tag: whoever reads all of them at once reads the same sum, whatever is under way. */
export const bankKind: ObjectKind = {
  judge: 'bank',
  isGroup: true,
  draw(random, { mayWrite, readShare }) {
    if (random.float() < readShare || !mayWrite) {
      const read = random.below(2) === 0 ? exec(readAll) : { command: 'one', argument: argumentOf([readAll]) }
      return { operations: [read] }
    }
    return pick(random, [transferBlindly, transferWatching])(random)
  },
  probe: exec(readAll),
}
