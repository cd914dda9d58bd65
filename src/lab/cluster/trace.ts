/** Where a run tells what happens, for people: `who` is a node, a client or the lab itself. Called only if somebody reads it. */
export type Notes = (who: string, text: string) => void
