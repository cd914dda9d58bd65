import { assert } from '#kernel/base/errors.ts'
import type { EvaluatorSpec } from './evaluation.ts'

/** By evaluator, without a version (`get.resp2`): the oldest and the newest version that a node runs, and so all between them. */
export type EvaluatorVersions = Readonly<Record<string, readonly [oldest: number, newest: number]>>

/**
 * The evaluators of this node, and which of them may be called in a cluster whose nodes are of different versions: the newest version
 * that every node runs, since any of them may lead by the time a call is sent again.
 */
export class Evaluators {
  readonly #named = new Map<string, EvaluatorSpec>()
  readonly #own: Record<string, [number, number]> = {}
  #shared = new Map<string, EvaluatorSpec>()
  #others: readonly EvaluatorVersions[] = []

  add(specs: readonly EvaluatorSpec[]): void {
    for (const spec of specs) {
      const { base, version } = splitName(spec.name)
      const [oldest, newest] = (this.#own[base] ??= [version, version])
      this.#own[base] = [Math.min(oldest, version), Math.max(newest, version)]
      this.#named.set(spec.name, spec)
    }
    this.#share()
  }

  /** By its whole name, `get.resp2@1`. */
  named(name: string): EvaluatorSpec | undefined {
    return this.#named.get(name)
  }

  /** The newest version of `base` that all nodes run; undefined: there is none. */
  shared(base: string): EvaluatorSpec | undefined {
    return this.#shared.get(base)
  }

  has(base: string): boolean {
    return this.#own[base] !== undefined
  }

  /** Of this node. */
  get versions(): EvaluatorVersions {
    return this.#own
  }

  /** What the other nodes run, of those that have said so. */
  set others(others: readonly EvaluatorVersions[]) {
    const isSame = others.length === this.#others.length && others.every((other, i) => other === this.#others[i])
    this.#others = others
    if (!isSame) this.#share()
  }

  #share(): void {
    const shared = new Map<string, EvaluatorSpec>()
    for (const [base, own] of Object.entries(this.#own)) {
      let [oldest, newest] = own
      for (const other of this.#others) {
        const [from, to] = other[base] ?? [0, 0]
        oldest = Math.max(oldest, from)
        newest = Math.min(newest, to)
      }
      const spec = newest >= oldest ? this.#named.get(`${base}@${newest}`) : undefined
      if (spec) shared.set(base, spec)
    }
    this.#shared = shared
  }
}

function splitName(name: string): { readonly base: string; readonly version: number } {
  const at = name.lastIndexOf('@')
  const version = Number(name.slice(at + 1))
  assert(at > 0 && Number.isSafeInteger(version) && version > 0, 'an evaluator is named name@version')
  return { base: name.slice(0, at), version }
}
