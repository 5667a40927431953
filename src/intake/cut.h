/* cut.h — finds where the elements of a JSON array or object begin and end, by brackets and quotes
 * alone, so that one broken element does not hide the others. What is inside is not looked at. */
#pragma once
#include "base/base.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { CUT_DEPTH_MAX = 1024 };

struct cut {
    const char *p, *end;
    char close; /* the bracket that ends it */
    bool first;
    bool bad; /* brackets or quotes do not close */
};

/* Starts inside the container that `text` begins with, blanks aside. */
struct cut cut_open(str text);
/* The next element, trimmed; of an object the whole member. False at the end. */
bool cut_next(struct cut *c, str *out);
/* True if the container was closed and only blanks follow. */
bool cut_closed(const struct cut *c);
/* The one element that `text` begins with, or all of it if that does not close. */
str cut_element(str text);
/* Splits an object's member at its colon: the key between its quotes, as written. */
bool cut_member(str member, str *key, str *value);

#ifdef __cplusplus
}
#endif
