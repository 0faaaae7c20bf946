/* A library that is loaded late; its constructor calls the function that is patched. */
#define PART __attribute__((noinline, used, visibility("default")))
int plugged = 5;
int in_constructor;
PART int plug(int v) { __asm__ volatile(""); return v + plugged; }
__attribute__((constructor)) static void begin(void) { in_constructor = plug(0); }
PART int begun(void) { return in_constructor; }
