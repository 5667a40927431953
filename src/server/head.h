/* head.h — a request's head taken apart: the one file that knows http_parser (head.c), so that
 * llhttp can take its place. Only heads that precheck_head let pass come here. */
#pragma once
#include "server/precheck.h"

struct http_field {
    str name, value; /* as sent, without white space around the value */
};

struct head {
    str path;  /* as sent, up to the '?' */
    str query; /* after it */
    u32 field_count;
    bool keep_alive;
    struct http_field fields[HEAD_FIELDS_MAX];
};

/* Views into `bytes`. False if the parser does not read it as the precheck did: refuse with 400. */
MUST_USE bool head_parse(const struct precheck *p, str bytes, struct head *out);
