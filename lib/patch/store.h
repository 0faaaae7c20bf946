/* patch/store.h - inside the store of patches: whom it trusts, and how its folders are changed. */
#ifndef LP_PATCH_STORE_H
#define LP_PATCH_STORE_H
#include <arm64lp/store.h>
#include <sys/stat.h>
#include "patch/model.h"

enum { LP_STORE_NAME = 200, LP_STORE_ID = 129 };

/* trust.c: is what `st` describes root's or ours, and closed to others? `above`: a folder above it, where a sticky one will do. */
lp_status lp_trust_stat(const char *path, const struct stat *st, bool above, struct lp_error *err);

/* store.c: what one build-id's folder shall have. */
struct lp_stored { char file[LP_STORE_NAME + 8]; lp_patch *patch; const lp_patch *fresh; bool gone; }; /* patch: read from there; fresh: comes */
struct lp_bin { char id[LP_STORE_ID]; struct lp_stored *v; size_t n, cap; bool changed; };
lp_status lp_bin_read(int dir, const char *where, const char *id, struct lp_bin *b, lp_report_fn ignored, void *ctx, struct lp_error *err);
void lp_bin_free(struct lp_bin *b);
#endif
