/* forms.h — forms that shops put on their pages: read from configuration, and shown.
 *
 *   {id, name, fields: [{name, label, type, required, target, options}], consent: {channel, topic,
 *    text, double_opt_in, required}, button, thanks, redirect, origins}
 *
 * Texts are plain or {zh, en}. A field's target is as an import column's: a namespace, or
 * "attribute:NAME", or "property:NAME" (of the event alone); without one, what its name or type
 * says. */
#pragma once
#include "server/call.h"

enum {
    FORM_FIELDS_MAX = 50,
    FORM_OPTIONS_MAX = 100,
    FORM_TEXT_MAX = 4000, /* of one field */
    FORM_FILL_MS = 2000,  /* no person is faster */
    FORM_POSTS_MAX = 10   /* of one address a minute */
};

typedef enum { TARGET_IDENTIFIER, TARGET_ATTRIBUTE, TARGET_PROPERTY } form_target;
struct form_field {
    str name, type, target; /* target: a namespace or a name */
    const struct json *label, *options;
    form_target to;
    bool required;
};
struct form {
    str id, redirect;
    u32 code; /* NAME_OBJECT */
    const struct json *name, *button, *thanks, *consent, *origins;
    struct form_field fields[FORM_FIELDS_MAX];
    u32 count;
};

/* ERR_REFUSED with the pointer of what is wrong. `spaces` tells namespaces. Views of `j`. */
MUST_USE err form_of_json(const struct json *j, struct names *spaces, struct form *out,
                          struct diag *why);
/* Whether a page of this origin may post to it: its own always. */
bool form_admits(struct call *c, const struct form *f, str origin);

/* What was filled in, and what was wrong with it: for the page, again or for the first time. */
struct form_body;
struct form_shown {
    const struct form *form;
    const struct form_body *filled; /* NULL: nothing yet */
    str wrong;                      /* the field; empty: none */
    str problem;                    /* a sentence; empty: none */
    bool zh;
};
void form_page(struct call *c, const struct form_shown *s);
void form_thanks_page(struct call *c, const struct form *f, bool zh, bool confirm);
/* The script that puts the form into a shop's page. */
void form_script(struct call *c, const struct form *f);
/* A token that says when the form was shown. */
str form_token(struct call *c, const struct form *f);
str form_thanks(const struct form *f, bool zh, bool confirm);
