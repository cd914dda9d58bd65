import type { FuzzTarget } from './fuzz-target.ts'
import { runOnce } from './session.ts'

/** A smaller input with the same problem: what can be left out is, and what can be a plain `0` becomes one. */
export async function minimise(
  target: FuzzTarget,
  input: Uint8Array,
  what: string,
  options: { readonly msMax: number },
): Promise<Uint8Array> {
  const untilMs = performance.now() + options.msMax
  let smallest = input
  const take = async (candidate: Uint8Array): Promise<boolean> => {
    const { problem } = await runOnce(target, candidate)
    if (problem?.what !== what) return false
    smallest = candidate
    return true
  }
  const isLate = () => performance.now() > untilMs
  for (let size = input.length >> 1; size >= 1 && !isLate(); ) {
    let isSmaller = false
    for (let at = 0; at + size <= smallest.length && !isLate(); ) {
      const without = new Uint8Array(smallest.length - size)
      without.set(smallest.subarray(0, at))
      without.set(smallest.subarray(at + size), at)
      if (await take(without)) isSmaller = true
      else at += size
    }
    if (size > 1 || !isSmaller) size >>= 1
  }
  for (let at = 0; at < smallest.length && !isLate(); at++) {
    if (smallest[at] !== plain) await take(smallest.with(at, plain))
  }
  return smallest
}

const plain = 0x30
