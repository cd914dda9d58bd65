import { latin1Bytes, latin1Text } from '#kernel/base/bytes.ts'
import { check, type FuzzTarget } from '#kernel/base/testing/fuzz/index.ts'

/** Parsers that must be found to be bad: what finds nothing in these finds nothing anywhere. */
function planted(name: string, run: FuzzTarget['run']): FuzzTarget {
  return {
    name,
    family: 'planted',
    refusals: [],
    inputBytesMax: 40,
    corpus: () => [latin1Bytes('a planted input')],
    run,
  }
}

const isBad = (input: Uint8Array) => input[0] === 0x62 // "b"

export const targets: readonly FuzzTarget[] = [
  planted('sound', (input) => `${input.length}`),
  planted('crash', (input) => {
    check(!latin1Text(input).startsWith('b'), 'nothing begins with b')
    return ''
  }),
  planted('endless', (input) => {
    while (isBad(input));
    return ''
  }),
  planted('never', (input) => (isBad(input) ? new Promise(() => {}) : '')),
  planted('hungry', (input) => {
    const eaten: { readonly before: number }[] = []
    while (isBad(input)) eaten.push({ before: eaten.length })
    return `${eaten.length}`
  }),
]
