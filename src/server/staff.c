#include "server/staff.h"

#include "server/users.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct colleague {
    char id[OFFICE_ID_MAX + 1], email[EMAIL_MAX + 1], name[OFFICE_NAME_MAX + 1], language[8];
    bool owns;
};
struct staff_list {
    pthread_mutex_t lock;
    struct colleague *all;
    u32 count;
};

struct staff_list *staff_new(void)
{
    struct staff_list *l = mem_zalloc(sizeof *l);
    pthread_mutex_init(&l->lock, NULL);
    return l;
}

void staff_free(struct staff_list *l)
{
    if (!l) return;
    pthread_mutex_destroy(&l->lock);
    free(l->all);
    free(l);
}

/* Zeroed first, so that two copies of one list are equal byte for byte. */
static u32 copy(const struct office *o, struct colleague **out)
{
    const struct user *users;
    u32 n = users_all(o, &users), count = 0;
    *out = mem_zalloc((n + 1) * sizeof **out);
    for (u32 i = 0; i < n; i++) {
        const struct user *u = &users[i];
        if (u->disabled || !u->email[0]) continue;
        struct colleague *c = &(*out)[count++];
        snprintf(c->id, sizeof c->id, "%s", u->id);
        snprintf(c->email, sizeof c->email, "%s", u->email);
        snprintf(c->name, sizeof c->name, "%s", u->name);
        snprintf(c->language, sizeof c->language, "%s", u->language);
        c->owns = u->role == ROLE_OWNER;
    }
    return count;
}

void staff_refresh(struct staff_list *l, const struct office *o)
{
    struct colleague *all;
    u32 n = copy(o, &all);
    if (n == l->count && (n == 0 || memcmp(all, l->all, n * sizeof *all) == 0)) {
        free(all);
        return;
    }
    pthread_mutex_lock(&l->lock);
    struct colleague *before = l->all;
    l->all = all;
    l->count = n;
    pthread_mutex_unlock(&l->lock);
    free(before);
}

static bool is_called(const struct colleague *c, str owner)
{
    str email = str_of(c->email);
    size_t at = 0;
    while (at < email.n && email.p[at] != '@') at++;
    return str_eq(owner, str_of(c->id)) || str_eq_nocase(owner, email) ||
           str_eq_nocase(owner, str_of(c->name)) || str_eq_nocase(owner, str_slice(email, 0, at));
}

static const struct colleague *find(const struct staff_list *l, str owner, bool *stands_in)
{
    *stands_in = false;
    for (u32 i = 0; i < l->count; i++)
        if (is_called(&l->all[i], owner)) return &l->all[i];
    *stands_in = true;
    for (u32 i = 0; i < l->count; i++)
        if (l->all[i].owns) return &l->all[i];
    return NULL;
}

bool staff_find(struct staff_list *l, str owner, struct staff *out)
{
    *out = (struct staff){.stands_in = false};
    pthread_mutex_lock(&l->lock);
    const struct colleague *c = find(l, str_trim(owner), &out->stands_in);
    if (c) {
        snprintf(out->email, sizeof out->email, "%s", c->email);
        snprintf(out->language, sizeof out->language, "%s", c->language);
    }
    pthread_mutex_unlock(&l->lock);
    return c != NULL;
}
