import { appendsKind } from './appends.ts'
import { bankKind } from './bank.ts'
import { collectionKinds } from './collections.ts'
import { expiringKinds } from './expiring.ts'
import { groupKind } from './groups.ts'
import type { ObjectKind } from './object-kind.ts'
import { stringKinds } from './strings.ts'

export type { Dialogue, Drawn, JudgeName, ObjectKind } from './object-kind.ts'

export const objectKinds = {
  ...stringKinds,
  ...collectionKinds,
  ...expiringKinds,
  group: groupKind,
  appends: appendsKind,
  bank: bankKind,
} as const satisfies Record<string, ObjectKind>

export type KindName = keyof typeof objectKinds
