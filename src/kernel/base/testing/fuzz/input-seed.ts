/**
 * What an input is made of, as text: `7/120.8831` is made with seed 7 by changing an input of the corpus as number 120 of
 * the session was changed, and the result as number 8831 was. So one input is made again without all those before it.
 */
export interface InputSeed {
  readonly seed: number
  /** Numbers of inputs, each the parent of the next. Empty: the seed of a session. */
  readonly chain: readonly number[]
}

export function parseInputSeed(text: string): InputSeed | undefined {
  const match = /^(\d{1,10})(?:\/(\d+(?:\.\d+)*))?$/.exec(text)
  if (!match) return undefined
  const seed = Number(match[1])
  const chain = match[2]?.split('.').map(Number) ?? []
  return seed <= 0xffff_ffff && chain.every(Number.isSafeInteger) ? { seed, chain } : undefined
}

export function inputSeedText({ seed, chain }: InputSeed): string {
  return chain.length === 0 ? String(seed) : `${seed}/${chain.join('.')}`
}
