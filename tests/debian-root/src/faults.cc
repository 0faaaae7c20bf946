// C++: exceptions thrown by signal handlers and caught by what was interrupted (-fnon-call-exceptions), destructors on both sides of the frame; in threads,
// from the alternate stack, from a handler on top of another; a thread that is cancelled in one.
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <cxxabi.h>
#include <iostream>
#include <pthread.h>
#include <stdexcept>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>
struct Fault : std::runtime_error { int n; Fault(int n, const char *s) : std::runtime_error(s), n(n) {} };
static thread_local int alive, destroyed;
struct Guard { Guard() { alive++; } ~Guard() { alive--, destroyed++; } };
static void fault(int n) { Guard g; throw Fault(n, "fault"); }
static void arithmetic(int n) { Guard g; throw n; }
extern "C" int raise_here(int) __asm__("raise"); // raise() is declared not to throw
static void outer(int) { Guard g; raise_here(SIGUSR2); }
static void inner(int) { Guard g; throw std::string("from the inner one"); }
static void on(int n, void (*fn)(int), int flags = SA_ONSTACK | SA_NODEFER)
{
    struct sigaction sa = {};
    sa.sa_handler = fn, sa.sa_flags = flags;
    sigaction(n, &sa, nullptr);
}

__attribute__((noinline)) static int load(volatile int *p) { Guard g; return *p; }
__attribute__((noinline)) static void store(volatile int *p) { Guard g; *p = 1; }
__attribute__((noinline)) static int divide(int a, int b)
{
    Guard g;
    if (b == 0) raise_here(SIGFPE); // the division itself gives 0
    return a / b;
}
__attribute__((noinline)) static int down(int n, int (*leaf)()) { Guard g; return n ? down(n - 1, leaf) + 1 : leaf(); }

static std::string all()
{
    int good = 0;
    destroyed = 0;
    for (int i = 0; i < 300; i++) {
        try { down(i % 20, [] { return load(nullptr); }); } catch (const Fault &f) { good += f.n == SIGSEGV && alive == 0; }
        try { store((volatile int *)8); } catch (const std::runtime_error &e) { good += e.what() == std::string("fault"); }
        try { down(i % 7, [] { return divide(1, 0); }); } catch (int n) { good += n == SIGFPE && alive == 0; }
        try { try { down(3, [] { return raise_here(SIGUSR1); }); } catch (int) { good = -1000; } } catch (const std::string &s) { good += s == "from the inner one"; }
        try { try { load(nullptr); } catch (...) { Guard g; throw; } } catch (const Fault &) { good += alive == 0 && std::uncaught_exceptions() == 0; }
    }
    return std::to_string(good) + " " + std::to_string(destroyed);
}

static std::atomic<bool> inside;
static void wait_inside(int) { Guard g; inside = true; for (;;) pause(); }
static thread_local int *cancelled;
struct Report { ~Report() { *cancelled = destroyed; } };
static int cancel()
{
    int n = 0;
    pthread_t t;
    on(SIGHUP, wait_inside);
    pthread_create(&t, nullptr, [](void *p) -> void * {
        cancelled = (int *)p;
        Report r;
        try { down(4, [] { return raise_here(SIGHUP); }); } catch (abi::__forced_unwind &) { destroyed += 100; throw; }
        return nullptr;
    }, &n);
    while (!inside) usleep(100);
    void *r;
    pthread_cancel(t);
    pthread_join(t, &r);
    return r == PTHREAD_CANCELED ? n : -1;
}

int main()
{
    on(SIGSEGV, fault), on(SIGFPE, arithmetic), on(SIGUSR1, outer), on(SIGUSR2, inner);
    std::cout << all() << '\n';
    std::vector<std::string> said(4);
    std::vector<std::thread> t;
    for (auto &s : said)
        t.emplace_back([&s] {
            std::vector<char> stack(1 << 18);
            stack_t ss = {}, none = {};
            ss.ss_sp = stack.data(), ss.ss_size = stack.size(), none.ss_flags = SS_DISABLE;
            sigaltstack(&ss, nullptr);
            s = all();
            sigaltstack(&none, nullptr);
        });
    for (auto &x : t) x.join();
    for (auto &s : said) std::cout << s << '\n';
    std::cout << cancel() << std::endl;
}
