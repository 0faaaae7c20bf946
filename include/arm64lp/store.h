/* arm64lp/store.h - patches on disk, stored by the build-id that they are for: DIR/BUILD-ID/NAME.lpatch, where BUILD-ID may be the first
 * digits of it, 16 or more, too.
 * A program whose build-id is there gets them when it starts. Thread-safe. */
#ifndef ARM64LP_STORE_H
#define ARM64LP_STORE_H
#include <arm64lp/patch.h>
#ifdef __cplusplus
extern "C" {
#endif

/* $XDG_CONFIG_HOME/arm64lp/patches or ~/.config/arm64lp/patches; LP_E_NOT_FOUND if neither variable says where, or for a set-user-ID program. */
LP_API lp_status lp_store_user_dir(char *buf, size_t size, struct lp_error *err);
/* /etc/arm64lp/patches, or as it was configured. */
LP_API const char *lp_store_system_dir(void);
/* May patches be taken from `path` (a store, or something in it)? It and each folder above must belong to root or to this user, and nobody else
 * may be able to write there (above, a sticky folder such as /tmp will do). LP_E_DENIED says which is at fault; LP_E_NOT_FOUND. */
LP_API lp_status lp_store_check(const char *path, struct lp_error *err);

/* Put patches into a store (which is made, if need be), or take them out by name: all or none. A patch that replaces others takes their place; one
 * whose name is there already takes that one's. Every object needs a build-id. What a call changes changes in one step, for all build-ids,
 * whatever is killed at whichever moment. */
LP_API lp_status lp_store_install(const char *dir, const lp_patch *const *patches, size_t n, struct lp_error *err);
LP_API lp_status lp_store_uninstall(const char *dir, const char *const *names, size_t n, struct lp_error *err);

struct lp_store_row { const char *name, *version, *build_id, *objects, *path; /* version NULL = none */ };
/* Each stored patch, by build-id and name, until fn does not return 0. What cannot be trusted or read goes to `report`, and the first of it is
 * the status in the end. */
LP_API lp_status lp_store_list(const char *dir, int (*fn)(void *ctx, const struct lp_store_row *row), void *ctx, lp_report_fn report, void *rctx,
                               struct lp_error *err);
/* The patches of one build-id (hexadecimal) in each of these folders (NULL-terminated), in the order of their file names; of two with the same file name,
 * that of the later folder. Folders that are not there have none; what cannot be trusted goes to `ignored` and is left out; a trusted
 * file that is no patch is an error. *out: n patches to free, and free() the array. */
LP_API lp_status lp_store_load(const char *const *dirs, const char *build_id, lp_report_fn ignored, void *ctx, lp_patch ***out, size_t *n,
                               struct lp_error *err);

#ifdef __cplusplus
}
#endif
#endif
