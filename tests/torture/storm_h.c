/* The library of storm.c; with -DPLUG what comes and goes. */
#include "storm.h"
#ifdef PLUG
PART unsigned plug_g(void) { return VERSION(); }
PART unsigned plug_f(void)
{
    unsigned mine = VERSION(), seen = 0;
    for (int i = 0; i < 100; i++) seen |= plug_g() ^ mine;
    return seen;
}
#else
PART unsigned h(void) { return VERSION(); }
#endif
