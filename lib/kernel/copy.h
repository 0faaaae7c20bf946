/* kernel/copy.h - guest pointers for the host kernel; see kernel.h for lp_user and lp_user_path. */
#ifndef LP_KERNEL_COPY_H
#define LP_KERNEL_COPY_H
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct lp_thread;
#define LP_IOV_MAX 1024 /* UIO_MAXIOV */

/* Structures from and to the guest: 0 or -EFAULT. */
int lp_get(struct lp_thread *t, void *dst, uint64_t addr, size_t len);
int lp_put(struct lp_thread *t, uint64_t addr, const void *src, size_t len);
/* copy_struct_from_user(): a structure of `size` bytes that may be an older, shorter one, or a newer one whose further bytes are 0. 0, -EFAULT, -E2BIG. */
int lp_get_growing(struct lp_thread *t, void *dst, size_t known, uint64_t addr, uint64_t size);
/* A C string of at most size - 1 bytes and its 0: its length, -EFAULT or -ENAMETOOLONG. */
int64_t lp_get_str(struct lp_thread *t, char *dst, uint64_t addr, size_t size);
/* A guest's struct iovec[n] as a host one. 0, -EFAULT or -EINVAL. */
int lp_user_iov(struct lp_thread *t, uint64_t addr, uint64_t n, struct iovec *iov);
/* Arguments made the host's as a signature of syscall.def says (the row's own, or one of a command of the call). 0 or -errno. */
int lp_convert(struct lp_thread *t, const char *sig, const uint64_t *a, long h[6]);
/* The same, and the host's call of the row's name: one that cannot block, one that may. */
int64_t lp_pass(struct lp_thread *t, const char *sig, const uint64_t *a);
int64_t lp_pass_block(struct lp_thread *t, const char *sig, const uint64_t *a);
#endif
