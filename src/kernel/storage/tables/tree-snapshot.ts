import { concatBytes } from '#kernel/base/bytes.ts'
import { UnumError } from '#kernel/base/errors.ts'
import { manifestReceivedName } from './manifest.ts'
import type { TableFile } from './table-file.ts'
import { tableName } from './table-format.ts'
import type { FlushMark, TreeSnapshot } from './tree.ts'

/**
 * The files of one version, held until `release`. The manifest is among them under the name that it has until all others
 * are there and checked (`installSnapshot`).
 */
export class FilesSnapshot implements TreeSnapshot {
  readonly mark: FlushMark
  readonly files: readonly { readonly name: string; readonly bytes: number }[]
  readonly #manifest: Uint8Array
  readonly #tables = new Map<string, TableFile>()
  readonly #letGo: (table: TableFile) => void

  /** @param tables acquired for this snapshot. */
  constructor(mark: FlushMark, head: Uint8Array, tables: readonly TableFile[], letGo: (table: TableFile) => void) {
    this.mark = mark
    this.#manifest = concatBytes([head, mark.meta])
    this.#letGo = letGo
    for (const table of tables) this.#tables.set(tableName(table.summary.number), table)
    this.files = [
      ...[...this.#tables].map(([name, table]) => ({ name, bytes: table.size })),
      { name: manifestReceivedName, bytes: this.#manifest.length },
    ]
  }

  async read(name: string, position: number, length: number): Promise<Uint8Array> {
    if (name === manifestReceivedName) return this.#manifest.subarray(position, position + length)
    const table = this.#tables.get(name)
    if (table === undefined) throw new UnumError('FILE_MISSING', `Cannot read ${name}: not a file of this snapshot`)
    return table.read(position, length)
  }

  release(): void {
    for (const table of this.#tables.values()) this.#letGo(table)
    this.#tables.clear()
  }
}
