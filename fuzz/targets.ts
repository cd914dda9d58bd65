import { globSync } from 'node:fs'
import { join } from 'node:path'
import type { FuzzTarget } from '#kernel/base/testing/fuzz/index.ts'

export const root = join(import.meta.dirname, '..')

/** Where a target is, so that a worker can load it without all others. */
export interface TargetPlace {
  readonly path: string
  readonly name: string
}

export interface FoundTarget extends TargetPlace {
  readonly target: FuzzTarget
}

async function load(path: string): Promise<readonly FuzzTarget[]> {
  const { targets } = (await import(join(root, path))) as { readonly targets: readonly FuzzTarget[] }
  return targets
}

/** All that `src` holds, by name. */
export async function findTargets(): Promise<FoundTarget[]> {
  const found: FoundTarget[] = []
  for (const path of globSync('src/**/*.fuzz.ts', { cwd: root }).sort()) {
    for (const target of await load(path)) found.push({ path, name: target.name, target })
  }
  return found.sort((a, b) => (a.name < b.name ? -1 : 1))
}

export async function loadTarget({ path, name }: TargetPlace): Promise<FuzzTarget> {
  return (await load(path)).find((target) => target.name === name)!
}

/** Those that are named, each once; all where none is. @throws Error for a name that no target has */
export function chooseTargets(found: readonly FoundTarget[], names: readonly string[]): readonly FoundTarget[] {
  if (names.length === 0) return found
  const unknown = names.find((name) => !found.some((target) => target.name === name))
  if (unknown !== undefined) {
    throw new Error(`there is no target "${unknown}"; there are: ${found.map(({ name }) => name).join(', ')}`)
  }
  return found.filter(({ name }) => names.includes(name))
}
