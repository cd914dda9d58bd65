import type { Call } from '../call.ts'
import { ByteList } from '../members/byte-list.ts'
import { array, bulkRange, double } from '../reply.ts'

/** Members with their scores, collected during a call. */
export class ScoredList {
  readonly members = new ByteList()
  readonly scores: number[] = []

  get count(): number {
    return this.scores.length
  }

  push(member: Uint8Array, score: number): void {
    this.members.push(member)
    this.scores.push(score)
  }

  reversed(): ScoredList {
    const reversed = new ScoredList()
    for (let i = this.count - 1; i >= 0; i--) reversed.push(this.members.slice(i), this.scores[i]!)
    return reversed
  }

  replyMember(call: Call, i: number): void {
    const { members } = this
    bulkRange(call, members.bytes, members.start(i), members.end(i))
  }

  /** A list of the members; with scores, of pairs in RESP3 and flat in RESP2. */
  reply(call: Call, withScores: boolean): void {
    if (!withScores) this.#replyMembers(call)
    else if (call.protocol === 3) this.replyPairs(call)
    else this.replyFlat(call)
  }

  #replyMembers(call: Call): void {
    array(call, this.count)
    for (let i = 0; i < this.count; i++) this.replyMember(call, i)
  }

  /** A list of members and scores in turn, in both protocols. */
  replyFlat(call: Call): void {
    array(call, this.count * 2)
    for (let i = 0; i < this.count; i++) this.#replyPair(call, i)
  }

  /** A list of pairs, in both protocols. */
  replyPairs(call: Call): void {
    array(call, this.count)
    for (let i = 0; i < this.count; i++) {
      array(call, 2)
      this.#replyPair(call, i)
    }
  }

  #replyPair(call: Call, i: number): void {
    this.replyMember(call, i)
    double(call, this.scores[i]!)
  }
}
