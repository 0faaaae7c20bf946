/* kernel/keys.c - keyctl: what its arguments are depends on the operation. Rings belong to the process, which is the guest's. */
#include <config.h>
#include <errno.h>
#include "kernel/copy.h"
#include "kernel/host.h"
#include "kernel/kernel.h"

/* By operation: the signature of the other four arguments, as in syscall.def; NULL = not offered. */
static const char *const operations[] = {
    "ii",    /* KEYCTL_GET_KEYRING_ID */
    "S",     /* JOIN_SESSION_KEYRING */
    "ibu",   /* UPDATE */
    "i",     /* REVOKE */
    "iii",   /* CHOWN */
    "ix",    /* SETPERM */
    "iBu",   /* DESCRIBE */
    "i",     /* CLEAR */
    "ii",    /* LINK */
    "ii",    /* UNLINK */
    "iSSi",  /* SEARCH */
    "iBu",   /* READ */
    "ibui",  /* INSTANTIATE */
    "iui",   /* NEGATE */
    "i",     /* SET_REQKEY_KEYRING */
    "iu",    /* SET_TIMEOUT */
    "i",     /* ASSUME_AUTHORITY */
    "iBu",   /* GET_SECURITY */
    "",      /* SESSION_TO_PARENT */
    "iuui",  /* REJECT */
    "ivui",  /* INSTANTIATE_IOV: v is a vector */
    "i",     /* INVALIDATE */
    "ii",    /* GET_PERSISTENT */
    NULL,    /* DH_COMPUTE: addresses in a structure */
    "iuSP64", /* PKEY_QUERY: struct keyctl_pkey_query */
    NULL, NULL, NULL, NULL, /* PKEY_ENCRYPT DECRYPT SIGN VERIFY: two lengths in a structure */
    "iSS",   /* RESTRICT_KEYRING */
    "iiii",  /* MOVE */
    "Bu",    /* CAPABILITIES */
    "idx",   /* WATCH_KEY */
};

static int64_t with_vector(struct lp_thread *t, const uint64_t *a)
{
    struct iovec iov[LP_IOV_MAX];
    int r = lp_user_iov(t, a[2], (uint32_t)a[3], iov);
    return r ? r : lp_host_raw(t->call.row->host_nr, (long)a[0], (long)a[1], (long)(intptr_t)iov, (long)a[3], (long)a[4], 0);
}

LP_SYSCALL(keyctl)
{
    uint64_t op = (uint32_t)a[0];
    long h[6];
    const char *sig = op < sizeof operations / sizeof operations[0] ? operations[op] : NULL;
    const uint64_t rest[6] = {a[1], a[2], a[3], a[4], 0, 0};
    if (!sig)
        return -EOPNOTSUPP;
    if (sig[0] == 'i' && sig[1] == 'v')
        return with_vector(t, a);
    int r = lp_convert(t, sig, rest, h);
    /* DESCRIBE and READ with no buffer tell the length; request keys may wait for somebody else. */
    return r ? r : lp_host_syscall(t, t->call.row->host_nr, (long)op, h[0], h[1], h[2], h[3], 0);
}
