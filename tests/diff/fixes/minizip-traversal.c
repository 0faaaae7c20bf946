/* An archive with a file in the folder above: it is written below. (main() of miniunz.c is another one's here.) */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "zip.h"

int miniunz_main(int argc, char *argv[]);

int attempt(void)
{
    char folder[] = "/tmp/unzip.XXXXXX", above[40];
    if (!mkdtemp(folder) || chdir(folder) || mkdir("in", 0700) || chdir("in"))
        return 0;
    zipFile z = zipOpen("a.zip", APPEND_STATUS_CREATE);
    zip_fileinfo info = {0};
    zipOpenNewFileInZip(z, "../out", &info, NULL, 0, NULL, 0, NULL, Z_DEFLATED, 6);
    zipWriteInFileInZip(z, "text", 4);
    zipCloseFileInZip(z);
    zipClose(z, NULL);
    char *arguments[] = {"miniunz", "-o", "a.zip", NULL};
    freopen("/dev/null", "w", stdout);
    miniunz_main(3, arguments);
    snprintf(above, sizeof above, "%s/out", folder);
    int right = access(above, F_OK) != 0 && access("out", F_OK) == 0;
    unlink("a.zip"), unlink("out"), unlink(above), rmdir("../in"), rmdir(folder);
    return right;
}
