/* shelf.h — playbooks as pages need them: what each asks of the data, whom it would meet, its
 * sentence with pickers. Engine thread, but for the counting. */
#pragma once
#include "server/counts.h"

enum { SHELF_MAX = 32, CHOICES_MAX = 12 };

struct shown_playbook {
    const struct json *playbook, *needs, *bundle, *meets;
    struct counted *month, *now; /* NULL: not counted */
    bool ready;
    /* Counted for the pickers: names of events and how many did each. */
    u32 choice_count;
    struct {
        str name;
        struct counted *counted;
    } choices[CHOICES_MAX];
};

struct shelf {
    struct counts counts;
    u32 n;
    struct shown_playbook items[SHELF_MAX];
};

const struct json *shelf_find(struct call *c, str id); /* NULL: there is none */
/* Expands and compiles what is counted; `answers` may be NULL. */
MUST_USE err shelf_add(struct shelf *s, struct call *c, const struct json *playbook,
                       const struct json *answers, bool choices);
MUST_USE err shelf_add_all(struct shelf *s, struct call *c);
/* Those that can run first, by how many they meet. */
void shelf_sort(struct shelf *s);
/* As an object; `whole`: with its bundle and choices. */
void shelf_put(struct call *c, const struct shown_playbook *p, bool whole);
/* "people_month" and "people_now". */
void shelf_put_people(struct call *c, const struct shown_playbook *p);
/* "sentence": […] with the answers written in, or the defaults. */
void shelf_put_sentence(struct call *c, const struct json *playbook, const struct json *answers);
