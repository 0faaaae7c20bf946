/* A shared library with what needs a dynamic loader: IFUNC, copied and protected data, all kinds of TLS, constructors, a weak symbol. */
#include <stdio.h>
__thread int lib_gd = 41;                                                       /* general dynamic, as its user is in another object */
static __thread long lib_ld[3] = {1, 2, 3};                                     /* local dynamic */
__attribute__((tls_model("initial-exec"))) __thread short lib_ie = 5;           /* initial exec: static TLS, also after dlopen */
int lib_data = 100;
const char *const lib_names[] = {"zero", "one", "two"};
extern int lib_weak(void) __attribute__((weak));
extern int main_says(int);

static int plain(int x) { return x + 1; }
static int clever(int x) { return x + 1000; }
static int (*choose(unsigned long hwcap))(int) { return hwcap & 2 ? clever : plain; } /* HWCAP_ASIMD */
int lib_ifunc(int) __attribute__((ifunc("choose")));

__attribute__((constructor)) static void begin(void) { puts("library: constructor"); }
__attribute__((destructor)) static void end(void) { puts("library: destructor"); }
long lib_sum(void) { return lib_gd++ + lib_ld[0] + (lib_ld[1] += 2) + lib_ld[2] + lib_ie++ + lib_data; }
int lib_calls_back(int x) { return main_says(x) + lib_ifunc(x) + (lib_weak ? lib_weak() : -1); }
