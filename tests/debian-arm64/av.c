/* FFmpeg's libraries with x264, libvpx and Opus: moving pictures and sounds made by this program go through encoders and decoders, and through
 * swscale and swresample; prints a digest of every packet and of everything decoded. One thread. The lists of all codecs and filters are replaced by
 * those that are used here, so that only they are linked. */
#include "common.h"
#include <libavcodec/avcodec.h>
#include <libavcodec/bsf.h>
#include <libavutil/channel_layout.h>
#include <libavutil/cpu.h>
#include <libavutil/imgutils.h>
#include <libavutil/opt.h>
#include <libswresample/swresample.h>
#include <libswscale/swscale.h>

#define ENCODERS(X) X(libx264) X(libvpx_vp8) X(libvpx_vp9) X(mpeg2video) X(mpeg4) X(h263) X(mjpeg) X(ffv1) X(huffyuv) X(prores_ks) X(png) X(snow) \
    X(aac) X(ac3) X(mp2) X(flac) X(opus) X(libopus) X(sbc) X(truehd) X(dca) X(vorbis) X(eac3)
#define DECODERS(X) X(h264) X(vp8) X(vp9) X(mpeg2video) X(mpeg4) X(h263) X(mjpeg) X(ffv1) X(huffyuv) X(prores) X(png) X(snow) \
    X(aac) X(ac3) X(mp2) X(flac) X(opus) X(libopus) X(sbc) X(truehd) X(dca) X(vorbis) X(mp2float) X(eac3) X(libvpx_vp8)
#define ENCODER(n) extern const AVCodec ff_##n##_encoder;
#define DECODER(n) extern const AVCodec ff_##n##_decoder;
ENCODERS(ENCODER) DECODERS(DECODER)
extern const AVBitStreamFilter ff_vp9_superframe_split_bsf, ff_vp9_superframe_bsf, ff_null_bsf;

/* ---- the lists ---- */
#define LISTED(n, kind) &ff_##n##_##kind,
#define LISTED_E(n) LISTED(n, encoder)
#define LISTED_D(n) LISTED(n, decoder)
static const AVCodec *const codecs[] = {ENCODERS(LISTED_E) DECODERS(LISTED_D)};
enum { CODECS = sizeof codecs / sizeof codecs[0] };
const AVCodec *av_codec_iterate(void **opaque)
{
    uintptr_t i = (uintptr_t)*opaque;
    *opaque = (void *)(i + 1);
    return i < CODECS ? codecs[i] : NULL;
}
static const AVCodec *find(enum AVCodecID id, const char *name, int encoder)
{
    for (int i = 0; i < CODECS; i++)
        if ((name ? !strcmp(codecs[i]->name, name) : codecs[i]->id == id) && !av_codec_is_encoder(codecs[i]) == !encoder) return codecs[i];
    return NULL;
}
const AVCodec *avcodec_find_decoder(enum AVCodecID id) { return find(id, NULL, 0); }
const AVCodec *avcodec_find_encoder(enum AVCodecID id) { return find(id, NULL, 1); }
const AVCodec *avcodec_find_decoder_by_name(const char *name) { return find(0, name, 0); }
const AVCodec *avcodec_find_encoder_by_name(const char *name) { return find(0, name, 1); }
static const AVBitStreamFilter *const filters[] = {&ff_vp9_superframe_split_bsf, &ff_vp9_superframe_bsf, &ff_null_bsf};
const AVBitStreamFilter *av_bsf_iterate(void **opaque)
{
    uintptr_t i = (uintptr_t)*opaque;
    *opaque = (void *)(i + 1);
    return i < 3 ? filters[i] : NULL;
}
const AVBitStreamFilter *av_bsf_get_by_name(const char *name)
{
    for (int i = 0; i < 3; i++) if (!strcmp(filters[i]->name, name)) return filters[i];
    return NULL;
}

const AVClass *ff_bsf_child_class_iterate(void **opaque) { (void)opaque; return NULL; }

/* ---- pictures and sounds ---- */
static void paint(AVFrame *f, int t)
{
    for (int p = 0; p < 4 && f->data[p]; p++) {
        int high = f->height, wide = f->linesize[p];
        if (p && f->format != AV_PIX_FMT_YUV444P && f->format != AV_PIX_FMT_RGB24) high = f->format == AV_PIX_FMT_YUV422P10 || f->format == AV_PIX_FMT_YUVJ422P || f->format == AV_PIX_FMT_YUV422P ? high : (high + 1) / 2;
        for (int y = 0; y < high; y++)
            for (int x = 0; x < wide; x++) {
                int v = (x * 3 + y * 2 + t * 5 + p * 40) & 255;
                if ((x - t * 2) % 37 < 9 && (y + t) % 29 < 11) v = 255 - v;
                if (y % 16 == 3) v = (int)(any() >> 56);
                if (f->format == AV_PIX_FMT_YUV422P10 && x & 1) v &= 3;
                f->data[p][(ptrdiff_t)y * f->linesize[p] + x] = (uint8_t)v;
            }
    }
}

static double wave(int64_t t, int channel)
{
    unsigned phase = (unsigned)(t * (211 + channel * 97)) & 65535, slow = (unsigned)(t * 3) & 65535;
    double a = (phase < 32768 ? phase : 65535 - phase) / 16384.0 - 1, noise = (double)(any() >> 40) / (1 << 24) - 0.5;
    return a * 0.6 * slow / 65536 + noise * (t / 3000 % 2 ? 0.2 : 0.01);
}

static void sound(AVFrame *f, int64_t t)
{
    int planar = av_sample_fmt_is_planar(f->format), n = f->ch_layout.nb_channels;
    for (int c = 0; c < n; c++)
        for (int i = 0; i < f->nb_samples; i++) {
            double v = wave(t + i, c);
            void *at = planar ? f->extended_data[c] : f->data[0];
            int k = planar ? i : i * n + c;
            switch (av_get_packed_sample_fmt(f->format)) {
            case AV_SAMPLE_FMT_S16: ((int16_t *)at)[k] = (int16_t)(v * 32000); break;
            case AV_SAMPLE_FMT_S32: ((int32_t *)at)[k] = (int32_t)(v * 0x7fff00) * 256; break;
            case AV_SAMPLE_FMT_FLT: ((float *)at)[k] = (float)v; break;
            default: ((double *)at)[k] = v;
            }
        }
}

static void fold_frame(const AVFrame *f)
{
    if (f->nb_samples) {
        int planar = av_sample_fmt_is_planar(f->format), n = f->ch_layout.nb_channels, size = av_get_bytes_per_sample(f->format);
        for (int c = 0; c < (planar ? n : 1); c++) fold(f->extended_data[c], (size_t)(f->nb_samples * size * (planar ? 1 : n)));
        return;
    }
    int size = av_image_get_buffer_size(f->format, f->width, f->height, 1);
    uint8_t *b = malloc((size_t)size);
    av_image_copy_to_buffer(b, size, (const uint8_t *const *)f->data, f->linesize, f->format, f->width, f->height, 1);
    fold(b, (size_t)size);
    free(b);
}

/* ---- there and back ---- */
struct run {
    const char *encoder, *decoder, *options;
    int format;
};
static uint64_t decoded;
static int frames_out;

static void decode(AVCodecContext *d, const AVPacket *p)
{
    AVFrame *f = av_frame_alloc();
    uint64_t mine = fnv;
    fnv = decoded;
    fold_int((uint64_t)avcodec_send_packet(d, p));
    while (avcodec_receive_frame(d, f) >= 0) fold_frame(f), frames_out++, av_frame_unref(f);
    decoded = fnv, fnv = mine;
    av_frame_free(&f);
}

static int drain(AVCodecContext *e, AVCodecContext *d, AVPacket *p)
{
    int n = 0;
    for (; avcodec_receive_packet(e, p) >= 0; n++) {
        fold(p->data, (size_t)p->size);
        if (d) decode(d, p);
        av_packet_unref(p);
    }
    return n;
}

static AVCodecContext *opened(const struct run *r, int width, int height)
{
    const AVCodec *c = find(0, r->encoder, 1);
    AVCodecContext *e = avcodec_alloc_context3(c);
    e->thread_count = 1, e->strict_std_compliance = FF_COMPLIANCE_EXPERIMENTAL;
    e->time_base = (AVRational){1, 25}, e->gop_size = 6, e->max_b_frames = 0;
    if (c->type == AVMEDIA_TYPE_VIDEO) e->width = width, e->height = height, e->pix_fmt = r->format, e->bit_rate = 300000;
    else {
        e->sample_fmt = r->format, e->sample_rate = 48000, e->bit_rate = 96000;
        if (strstr(r->encoder, "dca")) e->bit_rate = 768000;
        av_channel_layout_default(&e->ch_layout, 2);
        e->time_base = (AVRational){1, e->sample_rate};
    }
    if (r->options) av_set_options_string(e, r->options, "=", ":"), av_set_options_string(e->priv_data, r->options, "=", ":");
    if (avcodec_open2(e, c, NULL) >= 0) return e;
    printf("%s: not opened\n", r->encoder);
    avcodec_free_context(&e);
    return NULL;
}

static void there_and_back(const struct run *r, int width, int height, int count)
{
    AVCodecContext *e = opened(r, width, height), *d = NULL;
    if (!e) return;
    const AVCodec *c = r->decoder ? find(0, r->decoder, 0) : NULL;
    AVPacket *p = av_packet_alloc();
    if (c) {
        d = avcodec_alloc_context3(c);
        AVCodecParameters *q = avcodec_parameters_alloc();
        avcodec_parameters_from_context(q, e), avcodec_parameters_to_context(d, q);
        avcodec_parameters_free(&q);
        d->thread_count = 1;
        if (avcodec_open2(d, c, NULL) < 0) printf("%s: decoder not opened\n", r->decoder), avcodec_free_context(&d);
    }
    decoded = fnv, frames_out = 0;
    int packets = 0;
    AVFrame *f = av_frame_alloc();
    if (e->frame_size && e->frame_size < 512) count *= 8;
    for (int t = 0; t < count; t++) {
        int64_t at = t;
        if (e->codec->type == AVMEDIA_TYPE_VIDEO) f->format = e->pix_fmt, f->width = width, f->height = height;
        else {
            f->format = e->sample_fmt, f->sample_rate = e->sample_rate, f->nb_samples = e->frame_size ? e->frame_size : 1024;
            av_channel_layout_copy(&f->ch_layout, &e->ch_layout);
            at = (int64_t)t * f->nb_samples;
        }
        if (av_frame_get_buffer(f, 0) < 0) break;
        if (f->width) paint(f, t);
        else sound(f, at);
        f->pts = at;
        fold_int((uint64_t)avcodec_send_frame(e, f));
        av_frame_unref(f);
        packets += drain(e, d, p);
    }
    avcodec_send_frame(e, NULL);
    packets += drain(e, d, p);
    if (d) decode(d, NULL);
    printf("%-12s %4dx%-4d %3d packets %016llx, %3d frames %016llx\n", r->encoder, width, height, packets, (unsigned long long)fnv, frames_out, (unsigned long long)decoded);
    fflush(stdout);
    fnv = 0xcbf29ce484222325u;
    av_frame_free(&f), av_packet_free(&p), avcodec_free_context(&e), avcodec_free_context(&d);
}

/* ---- scaling and conversion ---- */
static void scale_picture(enum AVPixelFormat from, enum AVPixelFormat to, int w, int h, int w2, int h2, int flags)
{
    AVFrame *a = av_frame_alloc(), *b = av_frame_alloc();
    a->format = from, a->width = w, a->height = h, b->format = to, b->width = w2, b->height = h2;
    struct SwsContext *s = sws_getContext(w, h, from, w2, h2, to, flags, NULL, NULL, NULL);
    if (s && av_frame_get_buffer(a, 0) >= 0 && av_frame_get_buffer(b, 0) >= 0) {
        for (int p = 0; p < 4 && a->buf[p]; p++) fill(a->buf[p]->data, a->buf[p]->size);
        for (int p = 0; p < 4 && b->buf[p]; p++) memset(b->buf[p]->data, 0, b->buf[p]->size); /* an odd last column is left alone by some */
        fold_int((uint64_t)sws_scale(s, (const uint8_t *const *)a->data, a->linesize, 0, h, b->data, b->linesize));
        fold_frame(b);
    }
    sws_freeContext(s);
    av_frame_free(&a), av_frame_free(&b);
}

static void scaling(int level)
{
    static const enum AVPixelFormat f[] = {AV_PIX_FMT_YUV420P, AV_PIX_FMT_NV12, AV_PIX_FMT_RGBA, AV_PIX_FMT_RGB24, AV_PIX_FMT_YUV422P, AV_PIX_FMT_YUV420P10LE, AV_PIX_FMT_BGRA,
                                           AV_PIX_FMT_NV21, AV_PIX_FMT_ARGB, AV_PIX_FMT_YUYV422, AV_PIX_FMT_GRAY8, AV_PIX_FMT_YUVA420P, AV_PIX_FMT_GBRP, AV_PIX_FMT_P010LE};
    int n = level > 1 ? 14 : 5;
    for (int i = 0; i < n; i++) {
        for (int k = 0; k < n; k++) {
            scale_picture(f[i], f[k], 62, 34, 62, 34, SWS_BILINEAR);
            scale_picture(f[i], f[k], 50, 30, 83, 46, SWS_BICUBIC);
            if (level > 1) scale_picture(f[i], f[k], 101, 47, 64, 33, SWS_LANCZOS | SWS_ACCURATE_RND), scale_picture(f[i], f[k], 80, 50, 31, 22, SWS_FAST_BILINEAR);
        }
        tell(av_get_pix_fmt_name(f[i]));
    }
}

static void resampling(int level)
{
    static const enum AVSampleFormat f[] = {AV_SAMPLE_FMT_S16, AV_SAMPLE_FMT_FLTP, AV_SAMPLE_FMT_S32, AV_SAMPLE_FMT_S16P, AV_SAMPLE_FMT_FLT, AV_SAMPLE_FMT_DBLP, AV_SAMPLE_FMT_U8};
    for (int i = 0; i < (level > 1 ? 7 : 2); i++)
        for (int k = 0; k < (level > 1 ? 7 : 2); k++) {
            AVFrame *a = av_frame_alloc(), *b = av_frame_alloc();
            SwrContext *s = swr_alloc();
            a->format = f[i], a->sample_rate = 44100, a->nb_samples = 1500, b->format = f[k], b->sample_rate = k & 1 ? 48000 : 44100;
            av_channel_layout_default(&a->ch_layout, 2), av_channel_layout_default(&b->ch_layout, i & 1 ? 1 : 6);
            av_frame_get_buffer(a, 0);
            if (f[i] == AV_SAMPLE_FMT_U8) fill(a->data[0], 3000);
            else sound(a, 0);
            fold_int((uint64_t)swr_convert_frame(s, b, a));
            fold_frame(b);
            swr_free(&s);
            av_frame_free(&a), av_frame_free(&b);
        }
    tell("resampling");
}

int main(int argc, char **argv)
{
    int level = scale(argc, argv);
    if (getenv("LP_AV_FLAGS")) av_force_cpu_flags(atoi(getenv("LP_AV_FLAGS")));
    av_log_set_level(AV_LOG_QUIET);
    static const struct run quick[] = {
        {"libx264", "h264", "preset=medium:x264-params=threads=1\\:lookahead-threads=1\\:sliced-threads=0\\:sync-lookahead=0\\:rc-lookahead=0\\:mbtree=0:crf=24", AV_PIX_FMT_YUV420P},
        {"libvpx", "vp8", "deadline=good:cpu-used=4", AV_PIX_FMT_YUV420P},
        {"libvpx-vp9", "vp9", "deadline=realtime:cpu-used=4:lag-in-frames=0", AV_PIX_FMT_YUV420P},
        {"mpeg4", "mpeg4", "mbd=rd:flags=+mv4+qpel", AV_PIX_FMT_YUV420P},
        {"mjpeg", "mjpeg", NULL, AV_PIX_FMT_YUVJ420P},
        {"aac", "aac", NULL, AV_SAMPLE_FMT_FLTP},
        {"ac3", "ac3", NULL, AV_SAMPLE_FMT_FLTP},
        {"libopus", "opus", NULL, AV_SAMPLE_FMT_S16},
        {"sbc", "sbc", NULL, AV_SAMPLE_FMT_S16},
    }, more[] = {
        {"libx264", "h264", "preset=veryslow:bf=3:x264-params=threads=1\\:lookahead-threads=1\\:sliced-threads=0\\:sync-lookahead=0:crf=20:profile=high444", AV_PIX_FMT_YUV444P},
        {"libx264", "h264", "preset=fast:x264-params=threads=1\\:lookahead-threads=1\\:sliced-threads=0\\:sync-lookahead=0\\:interlaced=1\\:rc-lookahead=0\\:mbtree=0:crf=30", AV_PIX_FMT_YUV420P10},
        {"libvpx", "libvpx", "deadline=good:cpu-used=0", AV_PIX_FMT_YUV420P},
        {"libvpx-vp9", "vp9", "deadline=good:cpu-used=1:lag-in-frames=0", AV_PIX_FMT_YUV444P},
        {"mpeg2video", "mpeg2video", "flags=+ildct+ilme", AV_PIX_FMT_YUV422P},
        {"h263", "h263", NULL, AV_PIX_FMT_YUV420P},
        {"ffv1", "ffv1", "level=3:slices=4", AV_PIX_FMT_YUV422P},
        {"huffyuv", "huffyuv", NULL, AV_PIX_FMT_YUV422P},
        {"prores_ks", "prores", NULL, AV_PIX_FMT_YUV422P10},
        {"png", "png", "pred=mixed", AV_PIX_FMT_RGB24},
        {"snow", "snow", NULL, AV_PIX_FMT_YUV420P},
        {"mp2", "mp2", NULL, AV_SAMPLE_FMT_S16},
        {"mp2", "mp2float", NULL, AV_SAMPLE_FMT_S16},
        {"flac", "flac", NULL, AV_SAMPLE_FMT_S16},
        {"opus", "libopus", NULL, AV_SAMPLE_FMT_FLTP},
        {"truehd", "truehd", NULL, AV_SAMPLE_FMT_S32},
        {"dca", "dca", NULL, AV_SAMPLE_FMT_S32},
        {"vorbis", "vorbis", NULL, AV_SAMPLE_FMT_FLTP},
        {"eac3", "eac3", NULL, AV_SAMPLE_FMT_FLTP},
    };
    int count = level > 1 ? 12 * level : level ? 5 : 2;
    for (size_t i = 0; i < sizeof quick / sizeof quick[0]; i++) there_and_back(&quick[i], level ? 98 : 48, level ? 66 : 32, count);
    for (size_t i = 0; i < sizeof more / sizeof more[0] && level > 1; i++) there_and_back(&more[i], 176, 144, count / 2);
    scaling(level), resampling(level);
    return 0;
}
