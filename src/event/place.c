/* place.c — a radix sort from the lowest byte up, over the bytes that are not all equal.
 *
 * The bytes are taken where they lie (the struct is little-endian, without holes): the order's, the
 * time's, of whose highest the sign is turned, the key's. */
#include "event/place.h"

enum { FEW = 32, SIGN_BYTE = offsetof(struct place, occurred_ms) + 7 };

static const u8 FIELDS[3][2] = {{offsetof(struct place, order), 8},
                                {offsetof(struct place, occurred_ms), 8},
                                {offsetof(struct place, key), 4}};

static void insertion_sort(struct place *a, u32 n)
{
    for (u32 i = 1; i < n; i++) {
        struct place p = a[i];
        u32 j = i;
        for (; j && place_cmp(&p, &a[j - 1]) < 0; j--) a[j] = a[j - 1];
        a[j] = p;
    }
}

static void sort_byte(const struct place *from, struct place *to, u32 n, u32 byte)
{
    u32 at[256] = {0}, sum = 0;
    u8 turn = byte == SIGN_BYTE ? 0x80 : 0;
    for (u32 i = 0; i < n; i++) at[((const u8 *)&from[i])[byte] ^ turn]++;
    for (u32 b = 0; b < 256; b++) {
        u32 count = at[b];
        at[b] = sum;
        sum += count;
    }
    for (u32 i = 0; i < n; i++) to[at[((const u8 *)&from[i])[byte] ^ turn]++] = from[i];
}

/* Which bytes differ somewhere; none of the order's if they ascend already, since the sort is
 * stable. */
static struct place differences(const struct place *a, u32 n)
{
    struct place d = {0};
    bool ascend = true;
    for (u32 i = 1; i < n; i++) {
        d.occurred_ms |= a[i].occurred_ms ^ a[0].occurred_ms;
        d.order |= a[i].order ^ a[0].order;
        d.key |= a[i].key ^ a[0].key;
        ascend = ascend && a[i - 1].order <= a[i].order;
    }
    if (ascend) d.order = 0;
    return d;
}

static void sort_bytes(struct place *a, struct place *spare, u32 n, u32 first_field)
{
    struct place differ = differences(a, n), *from = a, *to = spare;
    for (u32 f = first_field; f < COUNT_OF(FIELDS); f++) {
        for (u32 i = 0; i < FIELDS[f][1]; i++) {
            u32 byte = FIELDS[f][0] + i;
            if (((const u8 *)&differ)[byte] == 0) continue;
            sort_byte(from, to, n, byte);
            struct place *swap = from;
            from = to, to = swap;
        }
    }
    if (from != a) memcpy(a, from, n * sizeof *a);
}

static bool ascends(const struct place *a, u32 n)
{
    u32 i = 1;
    while (i < n && place_cmp(&a[i - 1], &a[i]) < 0) i++;
    return i >= n;
}

static void sort_timeline(struct place *a, struct place *spare, u32 n)
{
    if (ascends(a, n)) return;
    if (n <= FEW)
        insertion_sort(a, n);
    else
        sort_bytes(a, spare, n, 0);
}

/* By the key first, then each key's own: they are few, and mostly in order as they come. */
void place_sort(struct place *a, struct place *spare, u32 n)
{
    if (n <= FEW) {
        insertion_sort(a, n);
        return;
    }
    if (ascends(a, n)) return;
    sort_bytes(a, spare, n, COUNT_OF(FIELDS) - 1);
    for (u32 from = 0, to; from < n; from = to) {
        for (to = from + 1; to < n && a[to].key == a[from].key;) to++;
        sort_timeline(a + from, spare, to - from);
    }
}

void place_sort_key(struct place *a, struct place *spare, u32 n)
{
    if (n > 1) sort_bytes(a, spare, n, COUNT_OF(FIELDS) - 1);
}
