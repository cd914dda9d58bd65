import type { Answer, Greeting } from '../handshake.ts'
import { decodeAnswer, encodeAnswer, encodeGreeting, HandshakeReader } from '../handshake.ts'
import { peer } from './nodes.ts'
import type { End, World } from './world.ts'

/** Accepts what comes to node 2, as its `incarnation`, then says `rest` and nothing more. */
export async function listenAsNode2(
  world: World,
  incarnation: number,
  rest: Uint8Array = new Uint8Array(0),
): Promise<void> {
  const versions = { min: 1, max: 1 }
  const answer = {
    verdict: 'accepted',
    version: 1,
    versions,
    clusterId: 'c1',
    from: 2,
    name: 'n2',
    incarnation,
  } as const
  await world.process('n2').network.listen(peer(2).address, (connection) => {
    let isGreeted = false
    connection.handler = {
      data() {
        if (isGreeted) return
        isGreeted = true
        connection.write(encodeAnswer(answer))
        connection.write(rest)
      },
      closed() {},
    }
  })
}

/** Somebody who connects to node 1 and says what the test wants. */
export class Stranger {
  readonly end: End
  readonly received: Uint8Array[] = []
  isClosed = false

  constructor(world: World) {
    this.end = world.connect(world.process('stranger'), peer(1).address, {
      data: (chunk) => this.received.push(Uint8Array.from(chunk)),
      closed: () => {
        this.isClosed = true
      },
    })
  }

  /** Greets as node 2 would, but for what `changes` says. */
  greet(changes: Partial<Greeting> = {}): this {
    this.end.write(
      encodeGreeting({
        versions: { min: 1, max: 1 },
        purpose: 'messages',
        clusterId: 'c1',
        from: 2,
        name: 'n2',
        incarnation: 1,
        attempt: 1,
        to: 1,
        ...changes,
      }),
    )
    return this
  }

  /** What node 1 has answered to the greeting. */
  get answer(): Answer | undefined {
    const reader = new HandshakeReader()
    for (const chunk of this.received) {
      const envelope = reader.push(chunk)
      if (envelope) return decodeAnswer(envelope.body)
    }
    return undefined
  }
}
