/* staff.h — who works here, for those who write to them from the engine's thread: a copy of the
 * users that may sign in, made anew on the loop's thread whenever they change. */
#pragma once
#include "outbox/outbox.h"

struct office;
struct staff_list;

struct staff_list *staff_new(void);
void staff_free(struct staff_list *l); /* NULL is allowed */
/* The loop's thread: takes over who there is now. O(users). */
void staff_refresh(struct staff_list *l, const struct office *o);
/* For struct outbox_options.staff, any thread; ctx is the list. By id, e-mail, name or what stands
 * before the @; else the first owner of the workspace stands in. */
bool staff_find(struct staff_list *l, str owner, struct staff *out);
