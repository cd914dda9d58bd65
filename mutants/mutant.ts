/** A place in the program and what a mutant puts there instead. */
export interface Edit {
  /** From the checkout's root. */
  readonly file: string
  /** Occurs exactly once in the file. */
  readonly find: string
  readonly replace: string
}

/** A public report of this very bug in another system. */
export interface Report {
  /** The project that had it. */
  readonly in: string
  readonly url: string
  /** What it was there, in one sentence. */
  readonly what: string
}

/** A bug of real weight, planted on purpose: the lab must catch it. */
export interface Mutant {
  readonly name: string
  /** What the program does wrong with it, and what that may cost. */
  readonly story: string
  /** Made together: often one, more where a second check would hide the bug. */
  readonly edits: readonly Edit[]
  readonly report?: Report
  /** What the lab lacks to catch it: a miss that is known and explained. */
  readonly waitsFor?: string
}

/**
 * The files of a mutant as they are to be, by path.
 * @param read gives a file's present text.
 * @throws Error where a place is not there exactly once: the program has moved on, and the mutant must follow.
 */
export function mutatedFiles(mutant: Mutant, read: (file: string) => string): ReadonlyMap<string, string> {
  const files = new Map<string, string>()
  for (const { file, find, replace } of mutant.edits) {
    const text = files.get(file) ?? read(file)
    const occurrences = text.split(find).length - 1
    if (occurrences !== 1) {
      throw new Error(`Mutant ${mutant.name} does not apply: its place is ${occurrences} times in ${file}:\n${find}`)
    }
    files.set(
      file,
      text.replace(find, () => replace),
    )
  }
  return files
}
