import { createRandom } from '#kernel/base/random.ts'
import type { GroupId } from '../node-log-types.ts'
import { LogModel, type OperationOptions, OperationSource, perform } from './log-model.ts'
import { type BatchPlace, ScriptedLog } from './scripted-log.ts'

/** A batch that is still on the disk, and what the log holds after it. */
export interface WrittenBatch extends BatchPlace {
  /** Groups with records in it. */
  readonly touched: ReadonlySet<GroupId>
  /** Each live group as text. */
  readonly state: ReadonlyMap<GroupId, string>
}

/** A log on a disk in memory, closed in order. */
export interface WrittenLog {
  readonly files: ReadonlyMap<string, Uint8Array>
  /** In order. */
  readonly batches: readonly WrittenBatch[]
}

export interface WrittenLogOptions extends OperationOptions {
  /** How often the log is opened. */
  readonly lives: number
  /** In each life. */
  readonly batches: number
}

/** A log that chance has written, in several lives. */
export async function writeLog(seed: number, options: WrittenLogOptions): Promise<WrittenLog> {
  const random = createRandom(seed)
  const source = new OperationSource(random, options)
  const model = new LogModel()
  const script = new ScriptedLog()
  const { files } = script.disk
  const written: WrittenBatch[] = []
  for (let life = 0; life < options.lives; life++) {
    await script.open({ seed: `log ${seed}` })
    for (let batch = 0; batch < options.batches; batch++) {
      const touched = new Set<GroupId>()
      const place = await script.batch((log) => {
        for (let left = random.below(3); left >= 0 || touched.size === 0; left--) {
          const operation = source.next(model)
          if (operation.kind === 'removal' && !model.groups.has(operation.group)) continue
          model.apply(operation)
          perform(log, operation)
          touched.add(operation.group)
        }
      })
      written.push({ ...place, touched, state: model.texts() })
    }
    await script.log.close()
  }
  return { files, batches: written.filter(({ path }) => files.has(path)) }
}
