import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Mutant } from './mutant.ts'
import { mutatedFiles } from './mutant.ts'

const root = join(import.meta.dirname, '..')

/** The program of the checkout, as it is. */
export const readSource = (file: string): string => readFileSync(join(root, file), 'utf8')

const open = new Set<string>()
process.on('exit', () => {
  for (const folder of open) rmSync(folder, { recursive: true, force: true })
})

/** A copy of the program in a folder of its own, changed by one mutant; the checkout is only read. */
export class Sandbox implements Disposable {
  readonly folder: string
  /** What runs seeds there. */
  readonly program: string

  /** @param mutant undefined: the program as it is. */
  constructor(mutant: Mutant | undefined) {
    const changed = mutant ? mutatedFiles(mutant, readSource) : new Map<string, string>()
    this.folder = mkdtempSync(join(tmpdir(), 'unum-mutant-'))
    open.add(this.folder)
    const isNeeded = (path: string) => !/\.(test|bench)\.ts$|\/testdata(\/|$)/.test(path)
    cpSync(join(root, 'src'), join(this.folder, 'src'), { recursive: true, filter: isNeeded })
    cpSync(join(root, 'package.json'), join(this.folder, 'package.json'))
    symlinkSync(join(root, 'node_modules'), join(this.folder, 'node_modules'))
    this.program = join(this.folder, 'mutants/seeds.ts')
    mkdirSync(join(this.folder, 'mutants'))
    for (const name of ['seeds.ts', 'seed-range.ts'])
      cpSync(join(root, 'mutants', name), join(this.folder, 'mutants', name))
    for (const [file, text] of changed) writeFileSync(join(this.folder, file), text)
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true })
    open.delete(this.folder)
  }
}
