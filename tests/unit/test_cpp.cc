// Both public headers from C++: they compile, link and work.
#define LIVEPATCH_DEBUG 0
#include <arm64lp.h>
#include <livepatch.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

static int number;

static void check(bool good, const char *what)
{
    std::printf("%s %d - %s\n", good ? "ok" : "not ok", ++number, what);
    if (!good) std::exit(1);
}

int main()
{
    std::puts("1..4");
    std::vector<uint32_t> code(16, 0x91000400);
    LivePatchSystem *s = livepatch_init(code.data(), code.size() * 4, 0x10000);
    check(s && livepatch_create_nop(s, 0x10004, "nop") == 0 && is_nop_instruction(code[1]), "a patch is applied");
    livepatch_set_system(s);
    livepatch_cleanup(livepatch_get_system());
    check(code[1] == 0x91000400 && !livepatch_get_system(), "cleanup reverts it");

    lp_error err{};
    lp_dis *dis = nullptr;
    lp_dis_insn insn{};
    check(lp_dis_new(&dis, &err) == LP_OK, "a disassembler");
    lp_dis_word(dis, 0xd65f03c0, 0, &insn);
    check(std::string(insn.mnemonic) == "ret" && insn.defined, "ret");
    lp_dis_free(dis);
}
