/* mem.h — memory: arenas that are freed whole, ranges that grow in place.
 *
 * Allocation never fails: it aborts, and the log replays. Inputs do fail, before that: what can
 * grow has a maximum of its own. An arena parameter in a signature means "the result lives there".
 */
#pragma once
#include "base/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* malloc, calloc and realloc that abort instead of returning NULL. Freed with free(). */
void *mem_alloc(size_t size);
void *mem_zalloc(size_t size);
void *mem_realloc(void *p, size_t size);

/* Reserves `size` bytes of zeroed address space that take memory only where touched; pointers into
 * it stay good until mem_release. Aborts if the address space is refused. */
void *mem_reserve(size_t size);
/* As mem_reserve, for what will be touched all over beyond its first `small` bytes: asks for huge
 * pages there, which spare a random access its walk through the page table. */
void *mem_reserve_dense(size_t size, size_t small);
void mem_release(void *p, size_t size);
/* Gives the touched pages of a range back; the range reads as zeros again. Page-aligned. */
void mem_discard(void *p, size_t size);

/* A bump allocator: blocks in a chain, freed or reset together. Not for several threads. */
struct arena;
struct arena *arena_new(void);
void arena_free(struct arena *a);  /* NULL is allowed */
void arena_reset(struct arena *a); /* keeps the first block */
/* `size` bytes aligned to 16, not cleared; arena_zalloc clears them. Size 0 gives a valid pointer.
 */
void *arena_alloc(struct arena *a, size_t size);
void *arena_zalloc(struct arena *a, size_t size);
str arena_str(struct arena *a, str s); /* a copy, terminated by a 0 that is not counted */
str arena_printf(struct arena *a, const char *format, ...) PRINTF_LIKE(2, 3);
size_t arena_bytes(const struct arena *a); /* taken from the system */

#ifdef __cplusplus
}
#endif
