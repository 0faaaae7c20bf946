/* intercept PROGRAM [ARGUMENT...] - run an AArch64 program whose system calls are watched: write() to standard output comes out in capitals, unlink()
 * is answered with EPERM and never made, and at the end there is a table of what was called. */
#include <arm64lp.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { UNLINKAT = 35, WRITE = 64, NUMBERS = 512 };
struct watch {
    lp_vm *vm;
    unsigned long calls[NUMBERS]; /* by number; this program's guest has one thread, so no lock */
};

static enum lp_vm_answer capitals(struct watch *w, struct lp_vm_call *call)
{
    char text[4096];
    size_t n = call->arg[2] < sizeof text ? (size_t)call->arg[2] : sizeof text; /* a short write: the program writes the rest */
    if (lp_vm_read(w->vm, call->arg[1], text, n, NULL) != LP_OK)
        return LP_CALL_MAKE; /* Linux will say EFAULT */
    for (size_t i = 0; i < n; i++)
        text[i] = (char)toupper((unsigned char)text[i]);
    call->result = (int64_t)fwrite(text, 1, n, stdout);
    return LP_CALL_ANSWERED;
}

static enum lp_vm_answer on_call(void *ctx, struct lp_vm_call *call)
{
    struct watch *w = (struct watch *)ctx;
    if (call->number < NUMBERS)
        w->calls[call->number]++;
    if (call->number == WRITE && call->arg[0] == 1)
        return capitals(w, call);
    if (call->number != UNLINKAT)
        return LP_CALL_MAKE;
    call->result = -EPERM;
    return LP_CALL_ANSWERED;
}

static int show(void *ctx, const struct lp_vm_syscall *row)
{
    const struct watch *w = (const struct watch *)ctx;
    if (row->number < NUMBERS && w->calls[row->number])
        printf("%6lu %s\n", w->calls[row->number], row->name);
    return 0;
}

int main(int argc, char **argv)
{
    static const char *const environment[] = {NULL};
    static struct watch watch;
    struct lp_vm_config config = {0};
    struct lp_error err;
    struct lp_exit end;
    if (argc < 2) {
        fprintf(stderr, "usage: intercept PROGRAM [ARGUMENT...]\n");
        return 2;
    }
    config.no_control = true;
    config.syscall = on_call;
    config.syscall_ctx = &watch;
    lp_status s = lp_vm_new(&config, &watch.vm, &err);
    if (s == LP_OK)
        s = lp_vm_load(watch.vm, argv[1], (const char *const *)argv + 1, environment, &err);
    if (s == LP_OK)
        s = lp_vm_run(watch.vm, &end, &err);
    if (s == LP_OK)
        lp_vm_syscalls(show, &watch);
    else
        fprintf(stderr, "%s\n", err.text);
    lp_vm_free(watch.vm);
    return s == LP_OK ? end.status : 1;
}
