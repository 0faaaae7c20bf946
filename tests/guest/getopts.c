/* getopt_long, regex, wide characters, locale C. */
#include <ctype.h>
#include <getopt.h>
#include <locale.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>
int main(void)
{
    char *av[] = {"prog", "-ab", "val", "--long=x", "file", "--flag", "-c", NULL}; struct option o[] = {{"long", 1, 0, 'l'}, {"flag", 0, 0, 'f'}, {0, 0, 0, 0}}; int c; opterr = 0; while ((c = getopt_long(7, av, "ab:c", o, 0)) != -1) printf("%c=%s ", c, optarg ? optarg : "-"); printf("%s\n", av[optind]);
    regex_t r; regmatch_t m[3]; regcomp(&r, "([a-z]+)-([0-9]{2,4})", REG_EXTENDED); const char *s = "xx abc-123 def-45"; while (!regexec(&r, s, 3, m, 0)) { printf("[%.*s %.*s]", m[1].rm_eo - m[1].rm_so, s + m[1].rm_so, m[2].rm_eo - m[2].rm_so, s + m[2].rm_so); s += m[0].rm_eo; } regfree(&r); puts("");
    setlocale(LC_ALL, "C"); wchar_t w[32]; swprintf(w, 32, L"%ls-%d", L"wide", 42); printf("%zu %ls\n", wcslen(w), w); int n = 0; for (int i = 0; i < 256; i++) n += isalpha(i) != 0, n += 2 * (isspace(i) != 0), n += 3 * (ispunct(i) != 0); printf("%d %c%c\n", n, toupper('q'), tolower('Q'));
    return 0;
}
