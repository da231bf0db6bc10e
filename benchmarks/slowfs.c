/* slowfs ROOT MOUNTPOINT RTT_US MIB_PER_S: shows the directory ROOT, read-only, as slow as a network would.
 *
 * Made to resemble an NFS client's mount of Amazon EFS:
 * - each look-up of a name, open, listing of a directory and read waits RTT_US microseconds at least, and many of
 *   them may wait at the same time (THREADS, as an NFS session has slots);
 * - what is read passes a wire of MIB_PER_S that all readers share (0: no limit); waiting for it adds to the RTT;
 * - pages, names (also those that do not exist), attributes and listings stay in the kernel's caches once read, so
 *   that a fresh mount is a cold cache;
 * - the kernel reads ahead 128 KiB, its default for FUSE as for NFS.
 * Closing, and attributes of names that were looked up, cost nothing.
 *
 * Prints its counters as a line of JSON when it is unmounted. SIGTERM, or the death of its parent, unmounts it.
 *
 * It speaks the kernel's protocol (linux/fuse.h) itself: for root nothing but a compiler is needed, for others
 * fusermount3; and libfuse before 3.16 asks the kernel to look up the names of a directory one after the other.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fuse.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
  THREADS = 64,
  MAX_READ = 1 << 20,
  READ_AHEAD = 128 << 10,
  FOREVER = 86400, /* seconds that the kernel may keep names and attributes */
  /* Protocol 7.31, of Linux 5.4; newer kernels speak it, too. */
  MINOR = 31,
  FEATURES = FUSE_ASYNC_READ | FUSE_PARALLEL_DIROPS | FUSE_MAX_PAGES | FUSE_CACHE_SYMLINKS,
};

static int device, root;
static int64_t rtt_ns;
static double ns_per_byte;
static atomic_long lookups, opens, readdirs, reads, bytes;
static _Thread_local char data[MAX_READ]; /* the answer of a thread's request */

/* Time */

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

static void sleep_until(int64_t when) {
  struct timespec time = {when / 1000000000, when % 1000000000};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) == EINTR) continue;
}

static void count_and_wait(atomic_long *counter, int64_t asked) {
  atomic_fetch_add(counter, 1);
  sleep_until(asked + rtt_ns);
}

/* When `length` bytes that were asked for at `asked` have arrived: after the RTT, and after what others asked for. */
static int64_t arrival(int64_t asked, size_t length) {
  static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  static int64_t wire_is_free;
  pthread_mutex_lock(&mutex);
  int64_t first = asked + rtt_ns > wire_is_free ? asked + rtt_ns : wire_is_free;
  int64_t last = wire_is_free = first + (int64_t)(length * ns_per_byte);
  pthread_mutex_unlock(&mutex);
  return last;
}

/* Answers */

static void answer(const struct fuse_in_header *request, int error, const void *body, size_t length) {
  struct fuse_out_header header = {sizeof header + (error ? 0 : length), -error, request->unique};
  struct iovec parts[] = {{&header, sizeof header}, {(void *)body, error ? 0 : length}};
  if (writev(device, parts, 2) < 0 && errno != ENOENT && errno != ENODEV) perror("slowfs: answer");
}

static struct fuse_attr attributes(const struct stat *status) {
  return (struct fuse_attr){
      .ino = status->st_ino, .size = (uint64_t)status->st_size, .blocks = (uint64_t)status->st_blocks,
      .atime = (uint64_t)status->st_atim.tv_sec, .atimensec = (uint32_t)status->st_atim.tv_nsec,
      .mtime = (uint64_t)status->st_mtim.tv_sec, .mtimensec = (uint32_t)status->st_mtim.tv_nsec,
      .ctime = (uint64_t)status->st_ctim.tv_sec, .ctimensec = (uint32_t)status->st_ctim.tv_nsec,
      .mode = status->st_mode, .nlink = (uint32_t)status->st_nlink, .uid = status->st_uid, .gid = status->st_gid,
      .blksize = (uint32_t)status->st_blksize,
  };
}

/* Names. A node's number is the address of its path below ROOT, kept until the end: it is only a few bytes. */

static const char *path_of(const struct fuse_in_header *request) {
  return request->nodeid == FUSE_ROOT_ID ? "." : (const char *)(uintptr_t)request->nodeid;
}

static void initialize(const struct fuse_in_header *request) {
  struct fuse_init_out reply = {
      .major = FUSE_KERNEL_VERSION, .minor = MINOR, .flags = FEATURES, .max_readahead = READ_AHEAD,
      .max_background = THREADS, .congestion_threshold = THREADS, .max_write = 4096, .time_gran = 1,
      .max_pages = MAX_READ / 4096,
  };
  answer(request, 0, &reply, sizeof reply);
}

static void look_up(const struct fuse_in_header *request, const char *name) {
  int64_t asked = now();
  struct stat status;
  char *path;
  if (asprintf(&path, "%s/%s", path_of(request), name) < 0) abort();
  int error = fstatat(root, path, &status, AT_SYMLINK_NOFOLLOW) ? errno : 0;
  struct fuse_entry_out reply = {.entry_valid = FOREVER, .attr_valid = FOREVER};
  if (!error) {
    reply.nodeid = (uint64_t)(uintptr_t)path;
    reply.attr = attributes(&status);
  } else {
    free(path); /* node 0 is a name that does not exist, which the kernel keeps, too */
  }
  count_and_wait(&lookups, asked);
  answer(request, error == ENOENT ? 0 : error, &reply, sizeof reply);
}

static void get_attributes(const struct fuse_in_header *request) {
  struct stat status = {0};
  int error = fstatat(root, path_of(request), &status, AT_SYMLINK_NOFOLLOW) ? errno : 0;
  struct fuse_attr_out reply = {.attr_valid = FOREVER, .attr = attributes(&status)};
  answer(request, error, &reply, sizeof reply);
}

static void read_link(const struct fuse_in_header *request) { /* a round trip like a look-up, and counted as one */
  int64_t asked = now();
  ssize_t length = readlinkat(root, path_of(request), data, PATH_MAX);
  int error = length < 0 ? errno : 0;
  count_and_wait(&lookups, asked);
  answer(request, error, data, (size_t)length);
}

/* Only a listing's beginning waits: NFS brings a large part of a directory with one request. */
static void list(const struct fuse_in_header *request, const struct fuse_read_in *wanted) {
  int64_t asked = now();
  int descriptor = openat(root, path_of(request), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *directory = descriptor < 0 ? NULL : fdopendir(descriptor);
  if (!directory) {
    answer(request, errno, NULL, 0);
    return;
  }
  size_t used = 0;
  if (wanted->offset) seekdir(directory, (long)wanted->offset);
  for (struct dirent *found; (found = readdir(directory));) {
    struct fuse_dirent entry = {found->d_ino, (uint64_t)found->d_off, (uint32_t)strlen(found->d_name), found->d_type};
    size_t length = FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET + entry.namelen);
    if (used + length > wanted->size || used + length > MAX_READ) break;
    memset(data + used, 0, length);
    memcpy(data + used, &entry, FUSE_NAME_OFFSET);
    memcpy(data + used + FUSE_NAME_OFFSET, found->d_name, entry.namelen);
    used += length;
  }
  closedir(directory);
  if (wanted->offset == 0) count_and_wait(&readdirs, asked);
  answer(request, 0, data, used);
}

/* Files */

static void open_file(const struct fuse_in_header *request) { /* the mount is read-only, so for reading */
  int64_t asked = now();
  int descriptor = openat(root, path_of(request), O_RDONLY | O_CLOEXEC);
  int error = descriptor < 0 ? errno : 0;
  struct fuse_open_out reply = {.fh = (uint64_t)descriptor, .open_flags = FOPEN_KEEP_CACHE};
  count_and_wait(&opens, asked);
  answer(request, error, &reply, sizeof reply);
}

static void read_file(const struct fuse_in_header *request, const struct fuse_read_in *wanted) {
  int64_t asked = now();
  size_t size = wanted->size < MAX_READ ? wanted->size : MAX_READ;
  ssize_t length = pread((int)wanted->fh, data, size, (off_t)wanted->offset);
  int error = length < 0 ? errno : 0;
  atomic_fetch_add(&reads, 1);
  if (!error) {
    atomic_fetch_add(&bytes, length);
    sleep_until(arrival(asked, (size_t)length));
  }
  answer(request, error, data, (size_t)length);
}

static void release(const struct fuse_in_header *request, const struct fuse_release_in *file) {
  close((int)file->fh);
  answer(request, 0, NULL, 0);
}

static void handle(const struct fuse_in_header *request) {
  const void *body = request + 1;
  switch (request->opcode) {
    case FUSE_INIT: initialize(request); break;
    case FUSE_LOOKUP: look_up(request, body); break;
    case FUSE_GETATTR: get_attributes(request); break;
    case FUSE_READLINK: read_link(request); break;
    case FUSE_READDIR: list(request, body); break;
    case FUSE_OPEN: open_file(request); break;
    case FUSE_READ: read_file(request, body); break;
    case FUSE_RELEASE: release(request, body); break;
    case FUSE_FORGET:
    case FUSE_BATCH_FORGET: break; /* these want no answer */
    default: answer(request, ENOSYS, NULL, 0); /* the kernel does without, and does not ask again */
  }
}

static void *serve(void *unused) {
  (void)unused;
  static _Thread_local _Alignas(8) char request[FUSE_MIN_READ_BUFFER * 2];
  for (;;) {
    if (read(device, request, sizeof request) > 0) handle((struct fuse_in_header *)request);
    else if (errno != EINTR && errno != EAGAIN && errno != ENOENT) break;
  }
  kill(getpid(), SIGTERM); /* unmounted by somebody else: the main thread is to end */
  return NULL;
}

/* Mounting: by ourselves for root, by the set-uid program fusermount3 for others */

static int mount_directly(const char *mountpoint) {
  char options[128];
  int descriptor = open("/dev/fuse", O_RDWR | O_CLOEXEC);
  snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=%u,group_id=%u", descriptor, getuid(), getgid());
  if (descriptor < 0 || mount("slowfs", mountpoint, "fuse.slowfs", MS_RDONLY | MS_NOSUID | MS_NODEV, options)) return -1;
  return descriptor;
}

static void run_fusermount(int socket, char *const arguments[]) {
  char number[16];
  snprintf(number, sizeof number, "%d", socket);
  setenv("_FUSE_COMMFD", number, 1);
  pid_t child = fork();
  if (child == 0) {
    execvp(arguments[0], arguments);
    perror(arguments[0]);
    _exit(1);
  }
  waitpid(child, NULL, 0);
}

static int mount_by_fusermount(char *mountpoint) {
  int sockets[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, sockets)) return -1;
  run_fusermount(sockets[0], (char *[]){"fusermount3", "-o", "ro,fsname=slowfs,subtype=slowfs", "--", mountpoint, NULL});
  close(sockets[0]);
  char byte, control[CMSG_SPACE(sizeof(int))];
  struct iovec part = {&byte, 1};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  int descriptor = -1;
  if (recvmsg(sockets[1], &message, 0) > 0 && CMSG_FIRSTHDR(&message))
    memcpy(&descriptor, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof descriptor);
  close(sockets[1]);
  return descriptor;
}

static void unmount(char *mountpoint) {
  if (umount2(mountpoint, MNT_DETACH) && errno == EPERM)
    run_fusermount(-1, (char *[]){"fusermount3", "-u", "-q", "-z", "--", mountpoint, NULL});
}

int main(int count, char *arguments[]) {
  if (count != 5) {
    fprintf(stderr, "slowfs ROOT MOUNTPOINT RTT_US MIB_PER_S\n");
    return 2;
  }
  char *mountpoint = arguments[2];
  double mib_per_s = atof(arguments[4]);
  rtt_ns = atoll(arguments[3]) * 1000;
  ns_per_byte = mib_per_s > 0 ? 1e9 / (mib_per_s * 1048576) : 0;
  root = open(arguments[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, NULL); /* inherited by the threads, so that only sigwait sees them */
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  prctl(PR_SET_TIMERSLACK, 1000);
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);

  device = geteuid() == 0 ? mount_directly(mountpoint) : mount_by_fusermount(mountpoint);
  if (root < 0 || device < 0) {
    perror("slowfs");
    return 1;
  }
  for (int i = 0; i < THREADS; i++) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, serve, NULL)) return 1;
  }
  printf("mounted\n");
  fflush(stdout);
  int signal;
  sigwait(&signals, &signal);
  unmount(mountpoint);
  printf("{\"lookups\": %ld, \"opens\": %ld, \"readdirs\": %ld, \"reads\": %ld, \"bytes\": %ld}\n", lookups, opens,
         readdirs, reads, bytes);
  fflush(stdout);
  _exit(0); /* the threads are still waiting */
}
