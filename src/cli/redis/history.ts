import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'

const linesMax = 1000

/** Lines typed at the prompt, kept between its uses. A home folder that cannot be written to only means no history. */
export class History {
  readonly #file: string
  #newest = ''

  constructor(file = defaultFile()) {
    this.#file = file
  }

  /** Newest first. */
  read(): string[] {
    try {
      const lines = readFileSync(this.#file, 'utf8').split('\n').filter(Boolean)
      if (lines.length > 2 * linesMax)
        writeFileSync(this.#file, `${lines.slice(-linesMax).join('\n')}\n`, { mode: 0o600 })
      this.#newest = lines.at(-1) ?? ''
      return lines.slice(-linesMax).reverse()
    } catch {
      return []
    }
  }

  add(line: string): void {
    if (line === this.#newest) return
    this.#newest = line
    try {
      mkdirSync(dirname(this.#file), { recursive: true })
      appendFileSync(this.#file, `${line}\n`, { mode: 0o600 })
    } catch {}
  }
}

function defaultFile(): string {
  return join(process.env.XDG_STATE_HOME || join(homedir(), '.local/state'), 'unum/redis-history')
}
