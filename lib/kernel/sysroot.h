/* kernel/sysroot.h - the sysroot: a folder that is looked into before the host's root (lprun -L).
 *
 * The guest's name of a file is looked up component by component, symbolic links (absolute ones too) and `..` never leaving the folder.
 * What is not found there is the host's. /proc, /sys and /dev are always the host's.
 * A new file goes to the host if the host has the folder that it shall be in, else into the sysroot's.
 *
 * chroot makes another folder the sysroot, and all that the guest has: what is not found there is missing, and only /proc is the host's, where the guest
 * has mounted one. The host's own root stays: the engine and the lprun of execve need what is there.
 */
#ifndef LP_KERNEL_SYSROOT_H
#define LP_KERNEL_SYSROOT_H
#include <limits.h>
#include <stdbool.h>
#include <arm64lp/error.h>

struct lp_kernel;
enum { LP_PATH_NOFOLLOW = 1, /* the call does not follow a symbolic link at the end */
       LP_PATH_NEW = 2,      /* the call may create the file */
       LP_PATH_NOLINKS = 4,  /* openat2: RESOLVE_NO_SYMLINKS, */
       LP_PATH_NOMAGIC = 8 };/* RESOLVE_NO_MAGICLINKS */

/* "" and "/" = none. LP_E_NOT_FOUND if it is no folder. */
lp_status lp_sysroot_set(struct lp_kernel *k, const char *dir, struct lp_error *err);
/* The guest's root is this folder from now on, named as the host names it. 0 or -ENOMEM. */
int lp_sysroot_enter(struct lp_kernel *k, const char *dir);
/* Has it been set apart so, and is it not the host's root? */
bool lp_sysroot_other(const struct lp_kernel *k);
/* Has the guest a /proc? */
bool lp_sysroot_has_proc(const struct lp_kernel *k);
/* *out: the host's name of the guest's absolute `path`, in buf (PATH_MAX) or `path` itself. 0, or -ELOOP. */
int lp_sysroot_find(const struct lp_kernel *k, const char *path, unsigned how, char *buf, const char **out);
/* The same for a path relative to a descriptor or AT_FDCWD, unchanged if that is outside the sysroot. */
int lp_sysroot_find_at(struct lp_kernel *k, int dirfd, const char *path, unsigned how, char *buf, const char **out);
/* The guest's name of a host's path: without the sysroot in front. Part of `path`, or "/". */
const char *lp_sysroot_guest(const struct lp_kernel *k, const char *path);
/* The current directory may have changed; a thread has one of its own. */
void lp_sysroot_moved(struct lp_kernel *k);
void lp_sysroot_apart(struct lp_kernel *k);
#endif
