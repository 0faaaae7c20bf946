/* What dlopen brings in: its own TLS (descriptors), a constructor, an IFUNC, a symbol of the program and of the library. */
#include <stdio.h>
static __thread int counter = 10;
__thread char plugin_block[5000]; /* more than the static surplus: allocated when a thread touches it */
extern int lib_data, lib_ifunc(int);
__attribute__((constructor)) static void begin(void) { puts("plugin: constructor"); }
__attribute__((destructor)) static void end(void) { puts("plugin: destructor"); }
static int right(int x) { return x * 2; }
static int (*choose(void))(int) { return right; }
int plugin_ifunc(int) __attribute__((ifunc("choose")));
int plugin_run(int x)
{
    plugin_block[4999] = (char)(plugin_block[0] + x);
    return ++counter + plugin_ifunc(x) + lib_ifunc(lib_data) + plugin_block[4999];
}
