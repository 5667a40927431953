/* embed.c — the files that are built into the binary, found by their paths. */
#include "server/embed.h"

const struct embedded *embed_find(str path)
{
    size_t low = 0, high = EMBEDDED_COUNT;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int c = str_cmp(str_of(EMBEDDED[middle].path), path);
        if (c == 0) return &EMBEDDED[middle];
        if (c < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

str embed_bytes(str path)
{
    const struct embedded *f = embed_find(path);
    return f ? (str){(const char *)f->bytes, f->size} : (str){0};
}
