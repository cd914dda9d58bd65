/**
 * A key as WATCH saw it. EXEC compares: nothing is registered anywhere, so that a watch survives a change of leaders. A key that
 * was absent, created and deleted again counts as unchanged (Redis would not execute then): what the client saw is what is
 * there.
 */
export interface Watch {
  readonly key: Uint8Array
  readonly slot: number
  /** `Key.version`; 0: absent. */
  readonly version: number
}
