/* libjpeg-turbo by its TurboJPEG interface and by libjpeg's: compress, decompress and transform pictures of odd sizes, at every subsampling, pixel
 * format, quality, scaling factor and transform; both DCTs, progressive and arithmetic coding. JSIMD_FORCENONE=1 leaves the NEON code aside. */
#include "common.h"
#include <jpeglib.h>
#include <turbojpeg.h>

enum { W = 300, H = 220 };
static unsigned char picture[W * H * 4], out[W * H * 8];
static int level;

static void paint(int w, int h, int size)
{
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w * size; x++) {
            int v = (x * 2 + y * 3) & 255;
            if ((x / 20 + y / 9) % 3 == 0) v ^= 255;
            if (x % 31 == 4) v = (int)(any() >> 56);
            picture[y * w * size + x] = (unsigned char)v;
        }
}

static void decompress(tjhandle d, unsigned char *jpeg, unsigned long size)
{
    int n, w, h, sub, space;
    tjscalingfactor *f = tjGetScalingFactors(&n);
    tjDecompressHeader3(d, jpeg, size, &w, &h, &sub, &space);
    for (int i = 0; i < n; i += level > 1 ? 1 : 3)
        for (int format = 0; format < TJ_NUMPF; format += level > 1 ? 1 : 4)
            for (int flags = 0; flags < 2; flags++) {
                if (format == TJPF_GRAY && space != TJCS_GRAY && sub != TJSAMP_GRAY) continue;
                int sw = TJSCALED(w, f[i]), sh = TJSCALED(h, f[i]);
                if (sw > W || sh > H || format == TJPF_CMYK) continue;
                memset(out, 0, (size_t)(sw * sh * tjPixelSize[format]));
                fold_int((uint64_t)tjDecompress2(d, jpeg, size, out, sw, 0, sh, format, (flags ? TJFLAG_FASTDCT | TJFLAG_FASTUPSAMPLE : TJFLAG_ACCURATEDCT)));
                fold(out, (size_t)(sw * sh * tjPixelSize[format]));
            }
    memset(out, 0, sizeof out);
    fold_int((uint64_t)tjDecompressToYUV2(d, jpeg, size, out, w, 4, h, 0));
    fold(out, tjBufSizeYUV2(w, 4, h, sub));
}

static void transform(tjhandle t, tjhandle d, unsigned char *jpeg, unsigned long size)
{
    for (int op = 0; op < TJ_NUMXOP; op += level > 1 ? 1 : 3) {
        tjtransform how = {.op = op, .options = TJXOPT_TRIM | (op & 1 ? TJXOPT_GRAY : 0) | (op & 2 ? TJXOPT_PROGRESSIVE : 0)};
        unsigned char *result = NULL;
        unsigned long n = 0;
        if (tjTransform(t, jpeg, size, 1, &result, &n, &how, 0) == 0) fold(result, n);
        tjFree(result);
    }
}

static void all_of(int sub)
{
    tjhandle c = tjInitCompress(), d = tjInitDecompress(), t = tjInitTransform();
    for (int w = 1; w < (level ? 130 : 40); w += level > 1 ? 7 : level ? 31 : 19) {
        int h = w % 23 + 9;
        for (int format = 0; format < TJPF_CMYK; format += level > 1 ? 1 : 5) {
            unsigned char *jpeg = NULL;
            unsigned long n = 0;
            if (format == TJPF_GRAY && sub != TJSAMP_GRAY) continue;
            paint(w, h, tjPixelSize[format]);
            int flags = w & 1 ? TJFLAG_FASTDCT : TJFLAG_ACCURATEDCT;
            if (w % 3 == 0) flags |= TJFLAG_PROGRESSIVE;
            fold_int((uint64_t)tjCompress2(c, picture, w, 0, h, format, &jpeg, &n, sub, 30 + w % 70, flags));
            fold(jpeg, n);
            if (format == 0 || level > 1) decompress(d, jpeg, n), transform(t, d, jpeg, n);
            tjFree(jpeg);
        }
    }
    static const char *const names[] = {"4:4:4", "4:2:2", "4:2:0", "gray", "4:4:0", "4:1:1"};
    tell(names[sub]);
    tjDestroy(c), tjDestroy(d), tjDestroy(t);
}

/* libjpeg's own interface: what TurboJPEG does not offer (float DCT, arithmetic coding, other sampling factors, RGB565) */
static void classic(int w, int h, J_DCT_METHOD dct, int arithmetic, int hs, int vs)
{
    struct jpeg_error_mgr e;
    struct jpeg_compress_struct c = {.err = jpeg_std_error(&e)};
    unsigned char *jpeg = NULL;
    unsigned long n = 0;
    paint(w, h, 3);
    jpeg_create_compress(&c);
    jpeg_mem_dest(&c, &jpeg, &n);
    c.image_width = (JDIMENSION)w, c.image_height = (JDIMENSION)h, c.input_components = 3, c.in_color_space = JCS_RGB;
    jpeg_set_defaults(&c);
    c.dct_method = dct, c.arith_code = (boolean)arithmetic, c.comp_info[0].h_samp_factor = hs, c.comp_info[0].v_samp_factor = vs, c.smoothing_factor = hs == vs ? w % 2 * 50 : 0; /* there is no smoothing of others */
    jpeg_start_compress(&c, TRUE);
    for (int y = 0; y < h; y++) jpeg_write_scanlines(&c, (JSAMPARRAY)&(JSAMPROW){picture + y * w * 3}, 1);
    jpeg_finish_compress(&c);
    jpeg_destroy_compress(&c);
    fold(jpeg, n);
    for (int space = 0; space < 2; space++) {
        struct jpeg_decompress_struct d = {.err = jpeg_std_error(&e)};
        jpeg_create_decompress(&d);
        jpeg_mem_src(&d, jpeg, n);
        jpeg_read_header(&d, TRUE);
        d.dct_method = dct, d.out_color_space = space ? JCS_RGB565 : JCS_EXT_BGRX, d.dither_mode = w % 3 ? JDITHER_NONE : JDITHER_ORDERED;
        jpeg_start_decompress(&d);
        while (d.output_scanline < d.output_height) {
            memset(out, 0, (size_t)w * 4);
            jpeg_read_scanlines(&d, (JSAMPARRAY)&(JSAMPROW){out}, 1);
            fold(out, (size_t)w * (space ? 2 : 4));
        }
        jpeg_finish_decompress(&d);
        jpeg_destroy_decompress(&d);
    }
    free(jpeg);
}

int main(int argc, char **argv)
{
    level = scale(argc, argv);
    for (int sub = 0; sub < TJ_NUMSAMP; sub++) all_of(sub);
    static const J_DCT_METHOD dct[] = {JDCT_ISLOW, JDCT_IFAST, JDCT_FLOAT};
    for (int w = 5; w < (level > 1 ? 200 : 60); w += level > 1 ? 5 : 26)
        for (int i = 0; i < 3; i++)
            for (int s = 0; s < 4; s++) classic(w, w % 29 + 4, dct[i], w % 2, s % 2 + 1, s / 2 + 1);
    tell("libjpeg");
    return 0;
}
