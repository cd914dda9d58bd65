import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { LoopSecond } from './loop-delay.ts'

/** The folder in which probed processes write, and what starts them so. */
export class Probe implements Disposable {
  readonly #folder: string

  constructor(dataFolder: string) {
    this.#folder = mkdtempSync(join(dataFolder, 'probe-'))
  }

  get nodeFlags(): string[] {
    return ['--import', join(import.meta.dirname, 'loop-delay.ts')]
  }

  get env(): Record<string, string> {
    return { UNUM_BENCH_PROBE: this.#folder }
  }

  /** What a process has written so far. */
  read(pid: number): LoopSecond[] {
    const path = join(this.#folder, `${pid}.jsonl`)
    if (!existsSync(path)) return []
    const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1)
    return lines.map((line) => JSON.parse(line) as LoopSecond)
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
