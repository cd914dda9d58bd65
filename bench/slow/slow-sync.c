/*
 * A slow disk for a dynamically linked program: loaded by LD_PRELOAD, it makes every sync, and every write through a descriptor
 * that syncs by itself (O_DSYNC, O_SYNC), last SLOW_SYNC_US microseconds longer, in the thread that asked for it.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>

static struct timespec pause_of_a_sync;

__attribute__((constructor)) static void start(void) {
  const char *text = getenv("SLOW_SYNC_US");
  long us = text ? atol(text) : 0;
  pause_of_a_sync.tv_sec = us / 1000000;
  pause_of_a_sync.tv_nsec = us % 1000000 * 1000;
}

static void rest(void) {
  int kept = errno;
  nanosleep(&pause_of_a_sync, 0);
  errno = kept;
}

/* O_SYNC has the bit of O_DSYNC in it. */
static void rest_where_synced(int fd) {
  int flags = fcntl(fd, F_GETFL);
  if (flags >= 0 && (flags & O_DSYNC)) rest();
}

#define NEXT(name) \
  static __typeof__(&name) next; \
  if (!next) next = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

int fsync(int fd) { NEXT(fsync); int result = next(fd); rest(); return result; }
int fdatasync(int fd) { NEXT(fdatasync); int result = next(fd); rest(); return result; }

#define SYNCED_WRITE(name, ...) NEXT(name); ssize_t result = next(__VA_ARGS__); rest_where_synced(fd); return result;

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) { SYNCED_WRITE(pwrite, fd, bytes, length, at) }
ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t at) { SYNCED_WRITE(pwrite64, fd, bytes, length, at) }
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) { SYNCED_WRITE(pwritev, fd, parts, count, at) }
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t at) { SYNCED_WRITE(pwritev64, fd, parts, count, at) }
