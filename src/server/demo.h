/* demo.h — the demo shop of a running server: `beckon demo` beside it, as a process of its own, so
 * that a page can put it in and take it out. */
#pragma once
#include "server/inside.h"

/* Ends a filling that goes on; what is there is noted, and can be taken out. Loop thread. */
void demo_end(struct server *s);
