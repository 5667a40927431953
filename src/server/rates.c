#include "server/rates.h"

#include "base/mem.h"

#include <stdlib.h>

enum { SLOTS = 4096, WAYS = 4 };

struct slot {
    u64 who;
    i64 stretch;
    u32 count;
};

struct rates {
    struct slot slots[SLOTS];
};

struct rates *rates_new(void)
{
    return mem_zalloc(sizeof(struct rates));
}

void rates_free(struct rates *r)
{
    free(r);
}

bool rates_take(struct rates *r, str who, u32 max, i64 span_ms, i64 now_ms)
{
    u64 hash = hash_xxh64(who) | 1;
    i64 stretch = now_ms / span_ms;
    struct slot *from = &r->slots[hash % (SLOTS / WAYS) * WAYS], *mine = from;
    for (u32 i = 0; i < WAYS; i++) {
        if (from[i].who == hash) {
            mine = &from[i];
            break;
        }
        if (from[i].stretch < mine->stretch) mine = &from[i];
    }
    if (mine->who != hash || mine->stretch != stretch) *mine = (struct slot){hash, stretch, 0};
    return ++mine->count <= max;
}
