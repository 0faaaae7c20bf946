/* tools/lpapply.h - the parts of lpapply. */
#ifndef LP_TOOLS_LPAPPLY_H
#define LP_TOOLS_LPAPPLY_H
#include <arm64lp.h>
#include <stdbool.h>
#include <sys/stat.h>

/* What to look at. */
enum lpapply_look { LOOK_LIST = 1, LOOK_STATS = 2, LOOK_PLACES = 4, LOOK_FUNCTIONS = 8, LOOK_JOURNAL = 16 };

extern struct lpapply {
    bool reverse, forward, changed, backup;
    bool file;                    /* the first operand is an ELF file */
    unsigned look;                /* enum lpapply_look */
    const char *output;
    uint32_t timeout_ms;          /* for all of one target; 0 = the default */
    uint32_t patience_ms;         /* the longest deadline of the patches themselves: files, and what is applied */
    bool install, uninstall, installed;
    const char *patch_dirs[16];
    size_t n_patch_dirs;
    struct lp_live_options live;
} opt;

/* ---- running programs (lpapply_target.c) ---- */
struct target {
    const char *socket;           /* -c, else NULL */
    int64_t pid;                  /* -p, or found */
    bool found;                   /* by -p all or --exe: it is no mistake if it is gone */
    bool by_exe;                  /* only if it runs one of the files of --exe */
    lp_control *control;
    struct lp_control_info info;
    char exe[256], name[320];     /* name: "process 12 (/bin/prog)", or the socket */
    bool skipped;                 /* runs something else */
    const char *state;            /* what became of it */
    lp_status status;
    struct lp_error err;
    struct lp_live_result result;
    struct lp_error *report;      /* all errors that it reported */
    size_t nreport;
    bool busy, done;              /* a thread has it; has been through it */
};
/* Name targets. */
void target_add_pid(int64_t pid);
void target_add_all(void);
void target_add_socket(const char *path);
void target_add_exe(const char *path);
/* How many were named; `one`: it is a single program by itself. */
bool targets_none(void);
bool targets_one(void);
/* Do `work` with each target that can be reached, in parallel, on threads of their own; it returns what it wants in t->status. With `again`
 * also what is started meanwhile. `tell` is called for each one when it is done, one at a time. */
void targets_run(void (*work)(struct target *t), bool again, void (*tell)(struct target *t));
/* From `work`: what it will do may take this deadline. */
void target_may_take(uint64_t deadline_ms);
/* Those that were run, in their order; NULL at the end. */
struct target *target_at(size_t i);

/* ---- lists (lpapply_list.c) ---- */
int do_list(void);
void *must(void *p);
void column(const char *s, size_t width); /* the text, blanks up to this width, and one more */

/* ---- stores of patches (lpapply_store.c) ---- */
int do_install(lp_patch *const *patches, size_t n);
int do_uninstall(char *const *names, size_t n);
int do_list_stored(void);

/* ---- ELF files (lpapply_file.c): the first operand ---- */
int do_apply_file(lp_patch *const *patches, size_t n);
int do_revert_file(char *const *names, size_t n);
int do_list_file(void);
#endif
