/* Directories: readdir, seekdir, nftw, getcwd, glob. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
static int count, dirs;
static int visit(const char *p, const struct stat *s, int t, struct FTW *f) { (void)p, (void)s, (void)f; t == FTW_D || t == FTW_DP ? dirs++ : count++; return 0; }
static int rm(const char *p, const struct stat *s, int t, struct FTW *f) { (void)s, (void)t, (void)f; return remove(p); }
int main(void)
{
    char dir[] = "/tmp/lpdirsXXXXXX", b[64];
    mkdtemp(dir), chdir(dir);
    for (int i = 0; i < 300; i++) { snprintf(b, sizeof b, "f%03d", i); close(creat(b, 0600)); }
    for (int i = 0; i < 10; i++) { snprintf(b, sizeof b, "d%d", i); mkdir(b, 0700); strcat(b, "/x"); close(creat(b, 0600)); }
    DIR *d = opendir("."); int n = 0, types = 0; struct dirent *e;
    while ((e = readdir(d))) n++, types += e->d_type == DT_DIR;
    printf("%d %d\n", n, types); rewinddir(d); n = 0; while (readdir(d)) n++; printf("%d\n", n); closedir(d);
    struct dirent **l; n = scandir(".", &l, NULL, alphasort); printf("%d %s %s\n", n, l[2]->d_name, l[n - 1]->d_name);
    nftw(".", visit, 16, FTW_PHYS); printf("%d %d\n", count, dirs);
    glob_t g; glob("f0[0-4]?", 0, NULL, &g); printf("%zu %s\n", g.gl_pathc, g.gl_pathv[7]);
    printf("%d\n", !strcmp(getcwd(b, sizeof b), dir)); int fd = open("d3", O_RDONLY); fchdir(fd); printf("%d\n", access("x", F_OK)); close(fd);
    chdir("/"); nftw(dir, rm, 16, FTW_DEPTH | FTW_PHYS); printf("%d\n", access(dir, F_OK));
    return 0;
}
