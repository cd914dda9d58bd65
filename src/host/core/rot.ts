import type { Random } from '#kernel/base/host.ts'
import { type FileNode, sectorBytes } from './file-node.ts'

/**
 * `bit`: one bit flipped. `lost`: a sector reads as if it had never been written. `misdirected`: a sector holds what was meant for another
 * one of the file.
 */
export type RotKind = 'bit' | 'lost' | 'misdirected'

export interface Rot {
  readonly kind: RotKind
  readonly position: number
}

const kinds: readonly RotKind[] = ['bit', 'lost', 'misdirected']

/** Damages `node` somewhere in [0, end). @returns undefined where there is nothing there that a damage would change */
export function rotFile(node: FileNode, end: number, random: Random): Rot | undefined {
  const kind = kinds[random.below(kinds.length)]!
  if (end <= 0) return undefined
  if (kind === 'bit') {
    const position = random.below(end)
    node.overwrite(position, Uint8Array.of(node.content.read(position, 1)[0]! ^ (1 << random.below(8))))
    return { kind, position }
  }
  const sectors = Math.floor(end / sectorBytes)
  if (sectors === 0) return undefined
  const position = random.below(sectors) * sectorBytes
  const before = node.content.read(position, sectorBytes)
  const after =
    kind === 'lost' ? new Uint8Array(sectorBytes) : node.content.read(random.below(sectors) * sectorBytes, sectorBytes)
  if (before.every((byte, i) => byte === after[i])) return undefined
  node.overwrite(position, after)
  return { kind, position }
}
