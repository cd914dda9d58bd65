import { setTimeout as sleep } from 'node:timers/promises'

/** Until an HTTP page has what is wanted. @throws Error where that takes longer */
export async function whenAnswers(url: string, isWanted: (text: string) => boolean, withinMs: number): Promise<void> {
  const untilMs = performance.now() + withinMs
  for (;;) {
    const text = await fetch(url, { signal: AbortSignal.timeout(2000) })
      .then((answer) => answer.text())
      .catch(() => '')
    if (isWanted(text)) return
    if (performance.now() > untilMs) throw new Error(`${url} did not become ready in ${withinMs} ms`)
    await sleep(50)
  }
}
