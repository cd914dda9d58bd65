import { InvalidArgumentError } from 'commander'

/** Reads an option that is an integer in decimal digits. */
export function integer(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
    if (!Number.isSafeInteger(value) || value < least || value > most) {
      throw new InvalidArgumentError(`Want an integer from ${least} to ${most}.`)
    }
    return value
  }
}
