import { Dice } from './dice.ts'
import { defaults, type FuzzTarget } from './fuzz-target.ts'
import { Mutator } from './mutator.ts'

/** An input that did something new, and how it was made. */
interface Parent {
  readonly bytes: Uint8Array
  readonly chain: readonly number[]
}

/** Of inputs found: more make a session no better, only larger. */
const parentsMax = 1024
/** So that what makes an input stays short. */
const generationsMax = 8

/**
 * The inputs of a session, by number: the corpus as it is, then changed ones: of the corpus, or of an input that did
 * something new. Each is determined by seed and chain alone.
 */
export class InputSource {
  readonly #corpus: readonly Uint8Array[]
  readonly #mutator: Mutator
  readonly #seed: number
  readonly #dice = new Dice()
  readonly #parents: Parent[] = []
  #parent: Parent | undefined
  /** Of the next input. */
  number = 0
  input!: Uint8Array

  constructor(target: FuzzTarget, corpus: readonly Uint8Array[], seed: number) {
    const { inputBytesMax = defaults.inputBytesMax, dictionary = [] } = target
    this.#corpus = corpus
    this.#mutator = new Mutator(inputBytesMax, corpus, dictionary)
    this.#seed = seed
  }

  /** Makes `input`, valid until the next call. */
  next(): void {
    const number = this.number++
    this.#parent = undefined
    if (number < this.#corpus.length) {
      this.input = this.#corpus[number]!
      return
    }
    const dice = this.#dice.seed(this.#seed, number)
    const isFound = dice.once(2)
    const choice = dice.uint32()
    if (isFound && this.#parents.length > 0) this.#parent = this.#parents[choice % this.#parents.length]!
    this.input = this.#mutator.mutate(this.#parent?.bytes ?? this.#ofCorpus(choice), dice)
  }

  /** Of `input`. */
  get chain(): readonly number[] {
    const number = this.number - 1
    return this.#parent ? [...this.#parent.chain, number] : [number]
  }

  /** `input` did something new. */
  keep(): void {
    if (this.number <= this.#corpus.length || this.#parents.length === parentsMax) return
    if (this.#parent && this.#parent.chain.length === generationsMax) return
    this.#parents.push({ bytes: this.input.slice(), chain: this.chain })
  }

  /** Makes `input` as it was made in a session. */
  remake(chain: readonly number[]): void {
    let made: Uint8Array | undefined
    for (const number of chain) {
      if (number < this.#corpus.length) {
        made = this.#corpus[number]!
        continue
      }
      const dice = this.#dice.seed(this.#seed, number)
      dice.uint32() // whether a found one is the parent: the chain says so
      const choice = dice.uint32()
      made = this.#mutator.mutate(made ?? this.#ofCorpus(choice), dice).slice()
    }
    this.input = made!
  }

  #ofCorpus(choice: number): Uint8Array {
    return this.#corpus[choice % this.#corpus.length]!
  }
}
