/* Makes the n-th call to the system below a folder fail, in the process that it is loaded into
   (LD_PRELOAD).  So SQLite, Python and every library meet an error as a disk would give it.

   arm(folder, kinds, n, error, lasting): the n-th call of these kinds from now on fails, and all
   after it if it is lasting; n = 0 counts alone.  counted(): how many there were.  disarm(). */

#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { READ = 1, WRITE = 2, LOCK = 4, MEMORY = 8, HEAP = 16 };

static char folder[4096];
static int armed, wanted, failing_error, is_lasting;
static long failing, count;

void arm(const char *below, int kinds, long n, int error, int lasting) {
    snprintf(folder, sizeof folder, "%s", below);
    wanted = kinds, failing = n, failing_error = error, is_lasting = lasting;
    __atomic_store_n(&count, 0, __ATOMIC_SEQ_CST);
    __atomic_store_n(&armed, 1, __ATOMIC_SEQ_CST);
}

void disarm(void) { __atomic_store_n(&armed, 0, __ATOMIC_SEQ_CST); }

long counted(void) { return __atomic_load_n(&count, __ATOMIC_SEQ_CST); }

static int is_below(const char *path) { return strncmp(path, folder, strlen(folder)) == 0; }

static int fails(int kind) {
    if (!(wanted & kind)) return 0;
    long n = __atomic_add_fetch(&count, 1, __ATOMIC_SEQ_CST);
    if (!failing || n < failing || (n > failing && !is_lasting)) return 0;
    errno = failing_error;
    return 1;
}

static int fails_at(int directory, const char *path, int kind) {
    if (!armed || path == NULL) return 0;
    char whole[8192], place[64];
    if (path[0] == '/') return is_below(path) && fails(kind);
    if (directory == AT_FDCWD) {
        if (getcwd(whole, 4096) == NULL) return 0;
    } else {
        snprintf(place, sizeof place, "/proc/self/fd/%d", directory);
        ssize_t length = readlink(place, whole, 4095);
        if (length < 0) return 0;
        whole[length] = 0;
    }
    return is_below(whole) && fails(kind);
}

static int fails_on(int descriptor, int kind) {
    if (!armed) return 0;
    char whole[4096], place[64];
    snprintf(place, sizeof place, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(place, whole, sizeof whole - 1);
    if (length < 0) return 0;
    whole[length] = 0;
    return is_below(whole) && fails(kind);
}

#define REAL(name) \
    static __typeof__(name) *real; \
    if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

#define OPENING(flags) ((flags) & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC) ? WRITE : READ)
#define MODE(flags, last) \
    mode_t mode = 0; \
    if ((flags) & (O_CREAT | __O_TMPFILE)) { \
        va_list more; \
        va_start(more, last); \
        mode = va_arg(more, mode_t); \
        va_end(more); \
    }

#define OPEN(name) \
    int name(const char *path, int flags, ...) { \
        REAL(name); \
        MODE(flags, flags) \
        return fails_at(AT_FDCWD, path, OPENING(flags)) ? -1 : real(path, flags, mode); \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(name) \
    int name(int directory, const char *path, int flags, ...) { \
        REAL(name); \
        MODE(flags, flags) \
        return fails_at(directory, path, OPENING(flags)) ? -1 : real(directory, path, flags, mode); \
    }
OPENAT(openat)
OPENAT(openat64)

/* A function whose first parameter is a descriptor, or a path. */
#define ON(kind, type, name, parameters, arguments) \
    type name parameters { \
        REAL(name); \
        return fails_on(fd, kind) ? (type)-1 : real arguments; \
    }
#define AT(kind, name, parameters, arguments) \
    int name parameters { \
        REAL(name); \
        return fails_at(AT_FDCWD, path, kind) ? -1 : real arguments; \
    }

ON(READ, ssize_t, read, (int fd, void *to, size_t size), (fd, to, size))
ON(READ, ssize_t, pread, (int fd, void *to, size_t size, off_t at), (fd, to, size, at))
ON(READ, ssize_t, pread64, (int fd, void *to, size_t size, off64_t at), (fd, to, size, at))
ON(WRITE, ssize_t, write, (int fd, const void *from, size_t size), (fd, from, size))
ON(WRITE, ssize_t, pwrite, (int fd, const void *from, size_t size, off_t at), (fd, from, size, at))
ON(WRITE, ssize_t, pwrite64, (int fd, const void *from, size_t size, off64_t at), (fd, from, size, at))
ON(WRITE, ssize_t, writev, (int fd, const struct iovec *from, int number), (fd, from, number))
ON(WRITE, int, fsync, (int fd), (fd))
ON(WRITE, int, fdatasync, (int fd), (fd))
ON(WRITE, int, ftruncate, (int fd, off_t size), (fd, size))
ON(WRITE, int, ftruncate64, (int fd, off64_t size), (fd, size))
ON(WRITE, int, fchmod, (int fd, mode_t mode), (fd, mode))
ON(WRITE, int, futimens, (int fd, const struct timespec times[2]), (fd, times))
ON(READ, int, fstat, (int fd, struct stat *to), (fd, to))
ON(READ, int, fstat64, (int fd, struct stat64 *to), (fd, to))
ON(LOCK, int, flock, (int fd, int operation), (fd, operation))
AT(READ, stat, (const char *path, struct stat *to), (path, to))
AT(READ, stat64, (const char *path, struct stat64 *to), (path, to))
AT(READ, lstat, (const char *path, struct stat *to), (path, to))
AT(READ, lstat64, (const char *path, struct stat64 *to), (path, to))
AT(READ, access, (const char *path, int mode), (path, mode))
AT(WRITE, mkdir, (const char *path, mode_t mode), (path, mode))
AT(WRITE, rmdir, (const char *path), (path))
AT(WRITE, unlink, (const char *path), (path))
AT(WRITE, chmod, (const char *path, mode_t mode), (path, mode))
AT(WRITE, truncate, (const char *path, off_t size), (path, size))
AT(WRITE, rename, (const char *path, const char *to), (path, to))
AT(WRITE, link, (const char *path, const char *to), (path, to))

#define BELOW(kind, name, parameters, arguments) \
    int name parameters { \
        REAL(name); \
        return fails_at(directory, path, kind) ? -1 : real arguments; \
    }
BELOW(READ, fstatat, (int directory, const char *path, struct stat *to, int flags), (directory, path, to, flags))
BELOW(READ, fstatat64, (int directory, const char *path, struct stat64 *to, int flags), (directory, path, to, flags))
BELOW(WRITE, mkdirat, (int directory, const char *path, mode_t mode), (directory, path, mode))
BELOW(WRITE, unlinkat, (int directory, const char *path, int flags), (directory, path, flags))
BELOW(WRITE, utimensat, (int directory, const char *path, const struct timespec times[2], int flags), (directory, path, times, flags))
BELOW(WRITE, renameat, (int directory, const char *path, int other, const char *to), (directory, path, other, to))

DIR *opendir(const char *path) {
    REAL(opendir);
    return fails_at(AT_FDCWD, path, READ) ? NULL : real(path);
}

DIR *fdopendir(int fd) {
    REAL(fdopendir);
    return fails_on(fd, READ) ? NULL : real(fd);
}

void *mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset) {
    REAL(mmap);
    return fd >= 0 && fails_on(fd, MEMORY) ? MAP_FAILED : real(at, size, protection, flags, fd, offset);
}

void *mmap64(void *at, size_t size, int protection, int flags, int fd, off64_t offset) {
    REAL(mmap64);
    return fd >= 0 && fails_on(fd, MEMORY) ? MAP_FAILED : real(at, size, protection, flags, fd, offset);
}

/* What SQLite asks for: glibc's own functions are called, since dlsym itself asks for memory. */
extern void *__libc_malloc(size_t size), *__libc_realloc(void *old, size_t size);

static int is_sqlite(void *caller) {
    Dl_info found;
    return dladdr(caller, &found) && found.dli_fname && strstr(found.dli_fname, "libsqlite3");
}

void *malloc(size_t size) {
    int is_failing = armed && wanted & HEAP && is_sqlite(__builtin_return_address(0)) && fails(HEAP);
    return is_failing ? NULL : __libc_malloc(size);
}

void *realloc(void *old, size_t size) {
    int is_failing = armed && wanted & HEAP && is_sqlite(__builtin_return_address(0)) && fails(HEAP);
    return is_failing ? NULL : __libc_realloc(old, size);
}

#define LOCKING(name) \
    int name(int fd, int command, ...) { \
        REAL(name); \
        va_list more; \
        va_start(more, command); \
        void *argument = va_arg(more, void *); \
        va_end(more); \
        /* What is unlocked cannot be held by another (POSIX, fcntl). */ \
        int is_lock = (command == F_SETLK || command == F_SETLKW) \
            && ((const struct flock *)argument)->l_type != F_UNLCK; \
        return is_lock && fails_on(fd, LOCK) ? -1 : real(fd, command, argument); \
    }
LOCKING(fcntl)
LOCKING(fcntl64)
