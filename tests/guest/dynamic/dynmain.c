/* A dynamically linked program: relocations of every kind, lazy binding, IFUNC, TLS of all models, dlopen and dlclose, auxv, itself in /proc. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>
extern __thread int lib_gd;
extern int lib_data, lib_calls_back(int), lib_ifunc(int);
extern long lib_sum(void);
extern const char *const lib_names[];
static __thread int own_le = 3; /* local exec */
static int (*const pointer)(int) = lib_ifunc;
int main_says(int x) { return x * 7; }

static int count(struct dl_phdr_info *i, size_t n, void *ctx)
{
    const char *name = strrchr(i->dlpi_name, '/');
    (void)n;
    if (*i->dlpi_name && strcmp(i->dlpi_name, "linux-vdso.so.1")) printf("object %s\n", name ? name + 1 : i->dlpi_name);
    return ++*(int *)ctx, 0;
}

static void plugin(const char *path)
{
    for (int round = 0; round < 3; round++) {
        void *h = dlopen(path, round & 1 ? RTLD_NOW : RTLD_LAZY);
        if (!h) { printf("dlopen: %s\n", strstr(dlerror(), "cannot")); return; }
        int (*run)(int) = (int (*)(int))dlsym(h, "plugin_run");
        Dl_info info;
        printf("plugin %d %d\n", run(1), run(2));
        if (dladdr((void *)run, &info)) printf("dladdr %s\n", info.dli_sname);
        printf("no such symbol: %d\n", dlsym(h, "nothing_of_the_kind") == NULL);
        dlclose(h);
    }
}

int main(int argc, char **argv)
{
    const Elf64_Phdr *ph = (void *)getauxval(AT_PHDR);
    unsigned long base = getauxval(AT_BASE);
    int objects = 0, loads = 0;
    char exe[4096];
    for (unsigned long i = 0; i < getauxval(AT_PHNUM); i++) loads += ph[i].p_type == PT_LOAD;
    printf("loads %d, entry in text %d, interpreter at a page %d, is ELF %d\n", loads, getauxval(AT_ENTRY) != 0, base % 4096 == 0,
           base && !memcmp((void *)base, ELFMAG, SELFMAG));
    printf("lib %ld %ld data %d gd %d names %s\n", lib_sum(), lib_sum(), ++lib_data, ++lib_gd, lib_names[2]);
    printf("ifunc %d by pointer %d back %d\n", lib_ifunc(1), pointer(2), lib_calls_back(3));
    printf("own %d errno %d sqrt %.17g\n", own_le += 4, (close(-1), errno), cos((double)argc));
    plugin(argc > 1 ? argv[1] : "./none.so");
    plugin("./there-is-no-such.so");
    dl_iterate_phdr(count, &objects);
    ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
    exe[n > 0 ? n : 0] = 0;
    printf("exe %s\n", strrchr(exe, '/') ? strrchr(exe, '/') + 1 : "?");
    printf("execfn %s\n", (char *)getauxval(AT_EXECFN));
    return 7;
}
