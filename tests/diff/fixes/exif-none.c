/* CVE-2026-40386: the second value of a maker note without any. */
#include <libexif/exif-data.h>
#include <libexif/olympus/exif-mnote-data-olympus.h>
#include <libexif/fuji/exif-mnote-data-fuji.h>

int attempt(void)
{
    char value[100];
    ExifMem *memory = exif_mem_new_default();
    ExifMnoteData *olympus = exif_mnote_data_olympus_new(memory), *fuji = exif_mnote_data_fuji_new(memory);
    return !exif_mnote_data_get_value(olympus, 1, value, sizeof value) && !exif_mnote_data_get_value(fuji, 1, value, sizeof value);
}
