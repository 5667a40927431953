/* mem.c — arenas: a chain of blocks, each at least twice its forerunner up to 1 MiB. */
#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { FIRST_BLOCK = 4096, LAST_BLOCK = 1 << 20, ALIGN = 16 };

struct block {
    struct block *next;
    size_t size, used;
    _Alignas(ALIGN) char bytes[];
};

struct arena {
    struct block *first, *last;
    size_t total;
};

void *mem_alloc(size_t size)
{
    void *p = malloc(size ? size : 1);
    MUST(p);
    return p;
}

void *mem_zalloc(size_t size)
{
    void *p = calloc(1, size ? size : 1);
    MUST(p);
    return p;
}

void *mem_realloc(void *p, size_t size)
{
    p = realloc(p, size ? size : 1);
    MUST(p);
    return p;
}

void *mem_reserve(size_t size)
{
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                   -1, 0);
    MUST(p != MAP_FAILED);
    return p;
}

void *mem_reserve_dense(size_t size, size_t small)
{
    char *p = mem_reserve(size);
    small = (small + 4095) & ~(size_t)4095;
    /* A hint: where it is refused, small pages serve. */
    if (size > small) (void)!madvise(p + small, size - small, MADV_HUGEPAGE);
    return p;
}

void mem_release(void *p, size_t size)
{
    if (p) MUST(munmap(p, size) == 0);
}

void mem_discard(void *p, size_t size)
{
    if (size) MUST(madvise(p, size, MADV_DONTNEED) == 0);
}

static struct block *add_block(struct arena *a, size_t at_least)
{
    size_t size = a->last ? a->last->size * 2 : FIRST_BLOCK;
    if (size > LAST_BLOCK) size = LAST_BLOCK;
    if (size < at_least) size = at_least;
    struct block *b = mem_alloc(sizeof *b + size);
    *b = (struct block){.size = size};
    if (a->last) a->last->next = b;
    a->last = b;
    if (!a->first) a->first = b;
    a->total += sizeof *b + size;
    return b;
}

struct arena *arena_new(void)
{
    return mem_zalloc(sizeof(struct arena));
}

static void free_chain(struct block *b)
{
    while (b) {
        struct block *next = b->next;
        free(b);
        b = next;
    }
}

void arena_free(struct arena *a)
{
    if (!a) return;
    free_chain(a->first);
    free(a);
}

void arena_reset(struct arena *a)
{
    if (!a->first) return;
    free_chain(a->first->next);
    a->first->next = NULL;
    a->first->used = 0;
    a->last = a->first;
    a->total = sizeof *a->first + a->first->size;
}

void *arena_alloc(struct arena *a, size_t size)
{
    size = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    struct block *b = a->last;
    if (!b || b->size - b->used < size) b = add_block(a, size);
    void *p = b->bytes + b->used;
    b->used += size;
    return p;
}

void *arena_zalloc(struct arena *a, size_t size)
{
    return memset(arena_alloc(a, size), 0, size);
}

str arena_str(struct arena *a, str s)
{
    char *p = arena_alloc(a, s.n + 1);
    if (s.n) memcpy(p, s.p, s.n);
    p[s.n] = 0;
    return (str){p, s.n};
}

str arena_printf(struct arena *a, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    MUST(n >= 0);
    char *p = arena_alloc(a, (size_t)n + 1);
    vsnprintf(p, (size_t)n + 1, format, again);
    va_end(again);
    return (str){p, (size_t)n};
}

size_t arena_bytes(const struct arena *a)
{
    return a->total;
}
