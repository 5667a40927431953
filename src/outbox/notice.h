/* notice.h — what a mail to the staff says beside its template's words: about whom, where to look
 * her up, and from which journey. Of outbox only.
 *
 *   template's words, where there is a mail or a text of that name ─┐
 *   "About Ada", where there is none ───────────────────────────────┴─► + who she is, a link
 *
 * What went into it is kept with the claim under names no template can ask for. */
#pragma once
#include "outbox/inside.h"
#include "outbox/words.h"

struct notice {
    str to;       /* the address that it goes to */
    str language; /* "zh", else English */
    str customer; /* her name */
    str url;      /* of her page */
    str journey;  /* its name */
    str wanted;   /* the owner whom nobody is, whom this colleague stands in for; or empty */
    str trouble;  /* why the template has no words; or empty */
};
/* Who `owner` is: a colleague, or an address as it is. False: nobody. */
bool notice_find(const struct outbox *o, str owner, struct staff *out);
void notice_keep(struct words *w, const struct notice *n);
/* False: it was none. Views into `all`. */
bool notice_kept(value all, struct notice *out);
/* Gives the words of a template, or nothing, the rest; views into `arena`. */
void notice_write(const struct notice *n, struct arena *arena, struct rendered *r);
