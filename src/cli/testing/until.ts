import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Looks again and again until `look` gives something, and gives that. What it throws counts as nothing yet.
 * @throws Error after `withinMs`, with what the last look gave or threw
 */
export async function until<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  withinMs = 30_000,
): Promise<T> {
  const endMs = performance.now() + withinMs
  let last: unknown
  for (;;) {
    try {
      const found = await look()
      if (found !== undefined && found !== false) return found
      last = found
    } catch (error) {
      last = error
    }
    if (performance.now() > endMs) throw new Error(`waited ${withinMs} ms in vain for ${what}`, { cause: last })
    await sleep(20)
  }
}
