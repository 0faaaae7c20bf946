/* a64/capstone.c - capstone, loaded on first use. */
#include <config.h>
#include "a64/capstone.h"
#include "base/library.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

#define TEXT2(x) #x
#define TEXT(x) TEXT2(x)
/* Its soname ends with the major version of the API that we are compiled for. */
#ifdef __APPLE__
#define SONAME "libcapstone." TEXT(CS_API_MAJOR) ".dylib"
#else
#define SONAME "libcapstone.so." TEXT(CS_API_MAJOR)
#endif

static struct lp_capstone calls;
static char failure[256];

static void load(void)
{
    static const struct lp_library_call wanted[] = {
        {"cs_open", &calls.open}, {"cs_close", &calls.close}, {"cs_malloc", &calls.malloc}, {"cs_free", &calls.free},
        {"cs_disasm_iter", &calls.disasm_iter}, {"cs_strerror", &calls.strerror}};
    if (lp_library_load(SONAME, wanted, sizeof wanted / sizeof *wanted))
        return;
    const char *why = dlerror();
    snprintf(failure, sizeof failure, "%s", why ? why : SONAME);
}

const struct lp_capstone *lp_capstone(const char **why)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
    *why = failure;
    return failure[0] ? NULL : &calls;
}
