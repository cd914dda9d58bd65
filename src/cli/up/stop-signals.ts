/** Ctrl-C reaches this process from the terminal, and again from npm and from the launcher, which pass it on: one press. */
const samePressMs = 500

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Calls `first` for the first request to stop, and `second` for those that come later. */
export function onStopSignals(handlers: { readonly first: () => void; readonly second: () => void }): {
  ignore(): void
} {
  let firstAtMs: number | undefined
  let isIgnored = false
  for (const signal of signals) {
    process.on(signal, () => {
      if (isIgnored) return
      if (firstAtMs === undefined) {
        firstAtMs = performance.now()
        handlers.first()
      } else if (performance.now() - firstAtMs > samePressMs) handlers.second()
    })
  }
  return {
    ignore: () => {
      isIgnored = true
    },
  }
}
