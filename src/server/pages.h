/* pages.h — the web UI: one page at every address that is nobody else's, and its files. */
#pragma once
#include "server/call.h"

/* Is there a file of the UI at this address, or does a browser ask for a page there? */
bool pages_fit(const struct call *c);
/* Answers it: files whose names hold their hash for a year, the page itself to be asked for again
 * each time; brotli or gzip where the browser takes it. Cost: a binary search. */
err pages_send(struct call *c);
