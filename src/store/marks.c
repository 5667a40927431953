/* marks.c — two generations of bits, taken as address space and filled as they are set. */
#include "store/store_internal.h"

static size_t bytes_of(const struct marks *m)
{
    return (size_t)((m->bits + 63) / 64 * 8 + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
}

void marks_init(struct marks *m, u64 bits)
{
    *m = (struct marks){.bits = bits};
    m->live = mem_reserve(bytes_of(m));
    m->frozen = mem_reserve(bytes_of(m));
}

void marks_clear(struct marks *m)
{
    mem_release(m->live, bytes_of(m));
    mem_release(m->frozen, bytes_of(m));
}

/* A snapshot that reached the disk leaves its frozen marks behind; they are dropped here, on the
 * engine thread, because table_edit looks at them while a snapshot runs. */
void marks_freeze(struct marks *m, u64 used, bool carry)
{
    if (carry) {
        for (u64 i = 0; i < (used + 63) / 64; i++)
            if (m->live[i]) m->frozen[i] |= m->live[i];
        mem_discard(m->live, bytes_of(m));
        return;
    }
    mem_discard(m->frozen, bytes_of(m));
    u64 *empty = m->frozen;
    m->frozen = m->live;
    m->live = empty;
}

u64 marks_next(const struct marks *m, u64 from, u64 end)
{
    if (from >= end) return end;
    u64 word = m->frozen[from >> 6] & ~(u64)0 << (from & 63);
    for (u64 at = from >> 6;; word = m->frozen[at]) {
        if (word) {
            u64 found = at << 6 | (u64)__builtin_ctzll(word);
            return found < end ? found : end;
        }
        if (++at << 6 >= end) return end;
    }
}
