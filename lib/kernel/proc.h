/* kernel/proc.h - what of /proc the guest must see as its own and not as the engine's or the host's. */
#ifndef LP_KERNEL_PROC_H
#define LP_KERNEL_PROC_H
#include <stdint.h>

struct lp_kernel;
/* "/proc/self/X", "/proc/PID/X", "/proc/thread-self/X", "/proc/self/task/TID/X" of this process: "X", else NULL. */
const char *lp_proc_self(const char *path);
/* Open the made-up version of the file `path`: a descriptor, -errno, or -ENOSYS if the host's own will do. */
int64_t lp_proc_open(struct lp_kernel *k, const char *path, uint32_t guest_flags);
/* Text for the guest's /proc/self/maps and so on; name as from lp_proc_self. NULL = not made up. free(). */
char *lp_proc_text(struct lp_kernel *k, const char *name, uint64_t *len);
/* The same for files of which only some numbers are made up: stat, statm, status. */
char *lp_proc_edited(struct lp_kernel *k, const char *path, const char *name, uint64_t *len);
#endif
