/* picture.c — what kind of picture bytes are, and how large it is: from their head alone. */
#include "server/assets.h"

static u32 big16(const u8 *p)
{
    return (u32)p[0] << 8 | p[1];
}

static u32 little16(const u8 *p)
{
    return (u32)p[1] << 8 | p[0];
}

static bool read_png(str s, struct picture *out)
{
    const u8 *p = (const u8 *)s.p;
    if (s.n < 24 || !str_starts(s, (str){"\x89PNG\r\n\x1a\n", 8}) || memcmp(p + 12, "IHDR", 4) != 0)
        return false;
    *out = (struct picture){"image/png", "png", big16(p + 16) << 16 | big16(p + 18),
                            big16(p + 20) << 16 | big16(p + 22)};
    return true;
}

static bool read_gif(str s, struct picture *out)
{
    const u8 *p = (const u8 *)s.p;
    if (s.n < 10 || !(str_starts(s, S("GIF87a")) || str_starts(s, S("GIF89a")))) return false;
    *out = (struct picture){"image/gif", "gif", little16(p + 6), little16(p + 8)};
    return true;
}

/* The first frame's header; segments before it are passed over. */
static bool read_jpeg(str s, struct picture *out)
{
    const u8 *p = (const u8 *)s.p;
    if (s.n < 4 || p[0] != 0xFF || p[1] != 0xD8) return false;
    for (size_t at = 2; at + 9 < s.n;) {
        u8 mark = p[at + 1];
        if (p[at] != 0xFF) return false;
        if (mark == 0xFF) {
            at++;
            continue;
        }
        bool frame = mark >= 0xC0 && mark <= 0xCF && mark != 0xC4 && mark != 0xC8 && mark != 0xCC;
        if (frame) {
            *out = (struct picture){"image/jpeg", "jpg", big16(p + at + 7), big16(p + at + 5)};
            return true;
        }
        at += 2 + big16(p + at + 2);
    }
    return false;
}

static bool read_webp(str s, struct picture *out)
{
    const u8 *p = (const u8 *)s.p;
    if (s.n < 30 || !str_starts(s, S("RIFF")) || memcmp(p + 8, "WEBP", 4) != 0) return false;
    *out = (struct picture){"image/webp", "webp", 0, 0};
    if (memcmp(p + 12, "VP8X", 4) == 0) {
        out->width = 1 + (little16(p + 24) | (u32)p[26] << 16);
        out->height = 1 + (little16(p + 27) | (u32)p[29] << 16);
    } else if (memcmp(p + 12, "VP8L", 4) == 0) {
        u32 bits = little16(p + 21) | little16(p + 23) << 16;
        out->width = 1 + (bits & 0x3FFF);
        out->height = 1 + (bits >> 14 & 0x3FFF);
    } else if (memcmp(p + 12, "VP8 ", 4) == 0) {
        out->width = little16(p + 26) & 0x3FFF;
        out->height = little16(p + 28) & 0x3FFF;
    }
    return out->width > 0;
}

bool picture_read(str s, struct picture *out)
{
    *out = (struct picture){0};
    bool is = read_png(s, out) || read_gif(s, out) || read_jpeg(s, out) || read_webp(s, out);
    return is && out->width > 0 && out->height > 0;
}
