/* CVE-2026-26740: an extension block that is too short for what is written into it. */
#include <gif_lib.h>
#include <string.h>

int attempt(void)
{
    unsigned char bytes[8] = "........";
    ExtensionBlock block = {.ByteCount = 2, .Bytes = bytes, .Function = GRAPHICS_EXT_FUNC_CODE};
    SavedImage image = {.ExtensionBlockCount = 1, .ExtensionBlocks = &block};
    GifFileType file = {.ImageCount = 1, .SavedImages = &image};
    GraphicsControlBlock control = {.DelayTime = 0x1234, .TransparentColor = 9};
    return EGifGCBToSavedExtension(&control, &file, 0) == GIF_ERROR && !memcmp(bytes, "........", 8);
}
