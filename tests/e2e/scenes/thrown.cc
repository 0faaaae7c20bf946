// Exceptions, rethrown ones too, and the ends of threads, through a function that is patched: destructors of its callers run, and handlers are found by type.
#include <pthread.h>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>

extern "C" int through(int way);
static int destroyed;
struct counted { ~counted() { destroyed++; } };
enum { RETURN, THROW, RETHROW, EXIT, CANCEL, NEST };

extern "C" int inner(int way)
{
    counted here;
    switch (way) {
    case THROW: throw std::runtime_error("thrown");
    case RETHROW:
        try { through(THROW); } catch (const std::logic_error &) { return 1; } catch (...) { throw; }
    case EXIT: pthread_exit(NULL);
    case CANCEL: pthread_cancel(pthread_self()), pthread_testcancel();
    case NEST: return through(RETURN) + through(RETURN);
    }
    return 0;
}
static std::string outer(int way)
{
    counted here;
    try {
        return std::to_string(through(way));
    } catch (const std::logic_error &) {
        return "another";
    } catch (const std::runtime_error &e) {
        return e.what();
    }
}
static void *run(void *way) { return strdup(outer((int)(long)way).c_str()); }

int main()
{
    char line[100];
    setvbuf(stdout, NULL, _IOLBF, 0);
    puts("ready");
    while (fgets(line, sizeof line, stdin) && strncmp(line, "bye", 3)) {
        pthread_t t;
        void *said;
        destroyed = 0;
        pthread_create(&t, NULL, run, (void *)(long)atoi(line));
        pthread_join(t, &said);
        printf("%s %d\n", said && said != PTHREAD_CANCELED ? (char *)said : "ended", destroyed);
    }
}
