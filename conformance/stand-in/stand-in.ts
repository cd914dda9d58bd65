import { connect, createServer } from 'node:net'

/**
 * Stands in for `redis-server` where a suite starts one itself: listens on the port it is told, and passes all bytes to
 * 127.0.0.1:SERVER_PORT and back, after it has emptied that server. Options other than --port and --version do nothing.
 */

const args = process.argv.slice(2)
if (args.includes('--version')) {
  console.log('Redis server v=7.0.15 sha=00000000:0 malloc=none bits=64 build=0')
  process.exit(0)
}
const host = '127.0.0.1'
const serverPort = Number(process.env.SERVER_PORT)
const port = Number(args[args.indexOf('--port') + 1])

// What tests leave behind that would fail the next: a server that was made a replica, and keys.
const emptied = connect(serverPort, host, () => emptied.write('REPLICAOF NO ONE\r\nFLUSHALL\r\nPING\r\n'))
let replies = ''
emptied.on('data', (chunk) => {
  replies += chunk
  if (!replies.includes('+PONG')) return
  emptied.destroy()
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const upstream = connect({ port: serverPort, host, allowHalfOpen: true, noDelay: true })
    client.pipe(upstream).pipe(client)
    client.on('error', () => upstream.destroy())
    upstream.on('error', () => client.destroy())
    client.on('close', () => upstream.destroy())
    upstream.on('close', () => client.destroy())
  })
  server.listen(port, host, () => console.log(' * Ready to accept connections'))
})
process.on('SIGINT', () => process.exit(0))
process.on('SIGTERM', () => process.exit(0))
