/* diff/flow_b.c - what flow_a.c has elsewhere. */
int outside[40];
__thread int theirs = 3;
int use(const void *p, ...) { return p != 0 && *(const char *)p != 0; }
