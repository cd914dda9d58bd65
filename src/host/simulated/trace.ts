/** A running digest of 64 bits over all that happened, in two lanes of 32: equal runs have equal digests, in every engine. */
export class Trace {
  #a = 0x243f6a88
  #b = 0xb7e15162 | 0

  add(timeUs: number, kindAndMachine: number, digest: number): void {
    const low = timeUs | 0
    const high = (timeUs / 0x1_0000_0000) | 0
    this.#a = mix(this.#a ^ low, digest)
    this.#b = mix(this.#b ^ kindAndMachine ^ this.#a, high)
  }

  get hash(): string {
    return hex(this.#a) + hex(this.#b)
  }
}

function mix(lane: number, word: number): number {
  lane = Math.imul(lane ^ (lane >>> 15), 0x2c1b3c6d)
  lane = Math.imul(lane ^ word, 0x297a2d39)
  return lane ^ (lane >>> 16)
}

function hex(lane: number): string {
  return (lane >>> 0).toString(16).padStart(8, '0')
}
