import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** Who listens on a TCP port of this machine, for a message: `redis-server (pid 123)`. Undefined where it cannot be seen. */
export function portOwner(port: number): string | undefined {
  try {
    return process.platform === 'linux' ? ownerFromProc(port) : ownerFromLsof(port)
  } catch {
    return undefined // it only makes a message better
  }
}

function ownerFromProc(port: number): string | undefined {
  const inodes = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) => listeningInodes(file, port))
  const sockets = new Set(inodes.map((inode) => `socket:[${inode}]`))
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const files = `/proc/${pid}/fd`
      if (!readdirSync(files).some((file) => sockets.has(linkOf(`${files}/${file}`)))) continue
      return `${readFileSync(`/proc/${pid}/comm`, 'utf8').trim()} (pid ${pid})`
    } catch {} // gone meanwhile, or another user's
  }
  return undefined
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

/** Rows of proc_net_tcp(5): `sl local_address rem_address st … inode`, where address is `hex:port` and st 0A is LISTEN. */
function listeningInodes(file: string, port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return readFileSync(file, 'latin1')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[1]?.endsWith(suffix) && fields[3] === '0A')
    .map((fields) => fields[9]!)
}

function ownerFromLsof(port: number): string | undefined {
  const text = execFileSync('lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-Fpc'], {
    encoding: 'utf8',
    stdio: 'pipe',
  })
  const pid = /^p(\d+)$/m.exec(text)?.[1]
  const command = /^c(.+)$/m.exec(text)?.[1]
  return pid && `${command} (pid ${pid})`
}
