/* What the system call programs share: a result, or the name of its error, in a line. */
#ifndef SYSCHECK_H
#define SYSCHECK_H
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Runs x; prints its text and its result. */
#define E(x) do { errno = 0; long r_ = (long)(x); printf("%s: ", #x); r_ == -1 && errno ? printf("%s\n", strerrorname_np(errno)) : printf("%ld\n", r_); } while (0)
/* The same where only success counts: a descriptor, an address. */
#define OK(x) do { errno = 0; long r_ = (long)(x); printf("%s: %s\n", #x, r_ == -1 && errno ? strerrorname_np(errno) : "ok"); } while (0)
#endif
