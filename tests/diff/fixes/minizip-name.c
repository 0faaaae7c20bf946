/* CVE-2023-45853: a name of more than 65535 letters. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "zip.h"

int attempt(void)
{
    char file[] = "/tmp/zip.XXXXXX", *name = calloc(1, 70001);
    zip_fileinfo info = {0};
    close(mkstemp(file));
    memset(name, 'n', 70000);
    zipFile z = zipOpen(file, APPEND_STATUS_CREATE);
    int refused = zipOpenNewFileInZip(z, name, &info, NULL, 0, NULL, 0, NULL, Z_DEFLATED, 6) == ZIP_PARAMERROR;
    name[300] = 0;
    int accepted = zipOpenNewFileInZip(z, name, &info, NULL, 0, NULL, 0, NULL, Z_DEFLATED, 6) == ZIP_OK;
    unlink(file);
    return refused && accepted;
}
