/* kernel/seccomp.h - seccomp: strict mode, and filters on the numbers and arguments of the guest's calls (bpf.h), evaluated before each of
 * them. The host sees none of it: the engine's own calls are not the guest's. Threads and children inherit; execve hands on. */
#ifndef LP_KERNEL_SECCOMP_H
#define LP_KERNEL_SECCOMP_H
#include "kernel/kernel.h"

/* Is this thread's call let through? If not, what happens instead has been done, and *r is the call's result (or LP_NO_RESULT). */
bool lp_seccomp_allows(struct lp_thread *t, const uint64_t *a, int64_t *r);
/* prctl(PR_SET_SECCOMP): mode 1, strict, or 2 with a filter at that address. */
int64_t lp_seccomp_set(struct lp_thread *t, uint64_t mode, uint64_t filter);
/* For execve: the filters of a thread in a file, whose hidden descriptor is returned: close-on-exec, to be closed with lp_fd_unhide(); -1 if
 * it has none. -errno. The other end: they become those of threads made from here on; the descriptor is closed. */
int lp_seccomp_save(struct lp_thread *t);
bool lp_seccomp_restore(struct lp_kernel *k, const char *fd);
void lp_seccomp_free(struct lp_kernel *k);
/* For /proc: the mode of the first thread (0 none, 1 strict, 2 filters), and how many filters. */
unsigned lp_seccomp_shown(struct lp_kernel *k, unsigned *filters);
#endif
