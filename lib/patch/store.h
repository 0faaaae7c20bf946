/* patch/store.h - inside the store of patches: whom it trusts, and how its folders are changed. */
#ifndef LP_PATCH_STORE_H
#define LP_PATCH_STORE_H
#include <arm64lp/store.h>
#include <sys/stat.h>
#include "patch/model.h"

enum { LP_STORE_NAME = 200, LP_STORE_ID = 129, LP_STORE_NEW = LP_STORE_ID + 8 };

/* trust.c: is what `st` describes root's or ours, and closed to others? `above`: a folder above it, where a sticky one will do. */
lp_status lp_trust_stat(const char *path, const struct stat *st, bool above, struct lp_error *err);

/* store.c: what one build-id's folder shall have. */
struct lp_stored { char file[LP_STORE_NAME + 8]; lp_patch *patch; const lp_patch *fresh; bool gone; }; /* patch: read from there; fresh: comes */
struct lp_bin { char id[LP_STORE_ID]; struct lp_stored *v; size_t n, cap; bool changed; };
lp_status lp_bin_read(int dir, const char *where, const char *id, struct lp_bin *b, lp_report_fn ignored, void *ctx, struct lp_error *err);
void lp_bin_free(struct lp_bin *b);
struct lp_store_ids { char (*v)[LP_STORE_ID]; size_t n, cap; };
/* The build-ids that have a folder, each once, in order; free(ids->v). */
lp_status lp_store_ids(int dir, struct lp_store_ids *ids, struct lp_error *err);
/* Are the two of one build: the same digits, or one the start of the other, as long as will do? */
bool lp_same_build(const char *a, const char *b);

/* pending.c: a change of several folders, which is decided in one step. Errors are errno values. */
struct lp_pending_row { char id[LP_STORE_ID]; uint64_t ino; };
struct lp_pending { struct lp_pending_row *v; size_t n; };
/* The new folder's name until it has the place of the old one. */
void lp_pending_beside(const char *id, char name[LP_STORE_NEW]);
/* What is decided and perhaps not done; false: nothing. */
bool lp_pending_read(int dir, struct lp_pending *p);
void lp_pending_free(struct lp_pending *p);
/* The folder that counts now. */
void lp_pending_folder(int dir, const char *id, char name[LP_STORE_NEW]);
int lp_pending_decide(int dir, const struct lp_bin *bin, size_t n);
/* The new folder and the old one change places. Doing it again undoes it, unless there was no old one. */
int lp_pending_exchange(int dir, const char *id);
void lp_pending_done(int dir);
/* With the store locked: what somebody decided who was killed then. */
int lp_pending_finish(int dir);
#endif
