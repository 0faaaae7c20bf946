// C++: exceptions through frames and threads, streams, containers, futures.
#include <algorithm>
#include <future>
#include <iostream>
#include <map>
#include <memory>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <vector>
struct Guard { const char *n; ~Guard() { std::cout << "~" << n << ' '; } };
static int deep(int n)
{
    Guard g{n % 2 ? "odd" : "even"};
    if (!n) throw std::out_of_range("deep");
    return deep(n - 1) + 1;
}
int main()
{
    try { deep(3); } catch (const std::exception &e) { std::cout << e.what() << '\n'; }
    std::vector<std::future<long>> f;
    for (int i = 0; i < 4; i++)
        f.push_back(std::async(std::launch::async, [i] { if (i == 3) throw std::runtime_error("in a thread"); long s = 0; for (int k = 0; k < 1000; k++) s += k * i; return s; }));
    try { for (auto &x : f) std::cout << x.get() << ' '; } catch (std::runtime_error &e) { std::cout << e.what() << '\n'; }
    std::map<std::string, int> m;
    std::istringstream in("the cat the dog the end");
    for (std::string w; in >> w;) m[w]++;
    for (auto &[w, n] : m) std::cout << w << n << ' ';
    std::cout << std::regex_replace(std::string("a1b2"), std::regex("[0-9]"), "<$&>") << '\n';
    auto p = std::make_shared<std::vector<int>>(std::initializer_list<int>{3, 1, 2});
    std::thread([p] { std::sort(p->begin(), p->end()); }).join();
    std::cout << (*p)[0] << (*p)[2] << ' ' << p.use_count() << ' ' << 1.0 / 3 << std::endl;
}
