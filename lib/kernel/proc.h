/* kernel/proc.h - what of /proc the guest must see as its own and not as the engine's or the host's. */
#ifndef LP_KERNEL_PROC_H
#define LP_KERNEL_PROC_H
#include <stdbool.h>
#include <stdint.h>

struct lp_buf;
struct lp_guest;
struct lp_kernel;
struct lp_mapping;
/* "/proc/self/X", "/proc/PID/X", "/proc/TID/X", "/proc/thread-self/X", "/proc/self/task/TID/X" of this process: "X", else NULL. */
const char *lp_proc_self(const char *path);
/* Open the made-up version of the file `path`: a descriptor, -errno, or -ENOSYS if the host's own will do. */
int64_t lp_proc_open(struct lp_kernel *k, const char *path, uint32_t guest_flags);
/* The host has opened a file (fd, or -errno): the same or, if that is one of /proc which is made up, by whatever name, the made-up version. */
int64_t lp_proc_opened(struct lp_kernel *k, int64_t fd, uint32_t guest_flags);
/* Text for the guest's /proc/self/maps and so on; name as from lp_proc_self. NULL = not made up. free(). */
char *lp_proc_text(struct lp_kernel *k, const char *name, uint64_t *len);
/* The same for files of which only some numbers are made up: stat, statm, status. */
char *lp_proc_edited(struct lp_kernel *k, const char *path, const char *name, uint64_t *len);
/* The same for files that list mappings, of any process under lprun. */
char *lp_proc_maps(struct lp_kernel *k, int pid, const struct lp_guest *at, const char *name, uint64_t *len);
/* A line of maps. */
void lp_proc_mapping(struct lp_buf *b, const struct lp_kernel *k, const struct lp_mapping *m);
/* "/proc/PID/exe" of another process under lprun: the host's path of its program, into out (PATH_MAX). */
bool lp_proc_other_exe(const char *path, char *out);
#endif
