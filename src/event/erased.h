/* erased.h — what was deleted but still lies somewhere: one event, or a persona's past.
 *
 *   entries, in the order of deleting ◄── table by hash(persona) and hash(persona, order)
 *
 * The engine thread adds; readers of any thread see the first n entries, as many as there were when
 * their view was pinned. Entries never move; a grown table leaves the old one to those who read it.
 * An entry goes when no row is left that it names: the engine then makes a new set without it. */
#pragma once
#include "base/mem.h"
#include "event/event.h"

typedef enum { ERASED_ONE = 1, ERASED_BEFORE } erased_kind;

struct erased_entry {
    u64 order;  /* ONE: the event's; BEFORE: all below it */
    u64 number; /* over the life of the directory: which files were written without these rows */
    event_persona persona;
    u32 kind;
};

struct erased;
struct erased *erased_new(void);
void erased_free(struct erased *e); /* NULL is allowed */
void erased_add(struct erased *e, struct erased_entry entry);
u32 erased_count(const struct erased *e);
const struct erased_entry *erased_at(const struct erased *e, u32 i);
u64 erased_bytes(const struct erased *e);

/* What the first n entries say of one persona: asked once for a run of its rows. */
struct erased_of {
    const struct erased *set; /* NULL: no single events */
    u32 n;
    event_persona persona;
    u64 before;
};
struct erased_of erased_of(const struct erased *e, u32 n, event_persona p);
bool erased_single(const struct erased_of *of, u64 order);
static inline bool is_erased(const struct erased_of *of, u64 order)
{
    return order < of->before || (of->set && erased_single(of, order));
}
