/* journey_internal.h — what the files of this module share. */
#pragma once
#include "journey/program.h"

#include <stdio.h>
#include <stdlib.h>

/* One published version: row index = struct enrolment_row.program. */
struct program_row {
    u64 version; /* the store's */
    u32 code, number;
    u32 compiled; /* handle */
    u32 spare;
    i64 live_ms;
};

/* One journey over all its versions. */
struct journey_row {
    u64 version; /* the store's */
    u32 code;
    u16 program; /* the newest */
    u8 paused, stopped;
    u32 percent, holdout;
    u32 numbers; /* versions so far */
    u32 spare;
    u64 entered, refused, running, ended;
};
_Static_assert(sizeof(struct journey_row) == 64, "a journey is one cache line");

struct journeys {
    struct table *enrolments, *programs, *journeys;
    struct heap *bytes;
    struct customers *customers;
    struct messages *messages;
    struct segments *segments;
    struct names *names;
    struct journey_host host;
    /* derived */
    struct program *loaded; /* by program index */
    u32 loaded_count;
    u32 asking; /* the enrolment whose condition is being evaluated */
};

/* Ends an enrolment that runs. */
void journey_end(struct journeys *j, u32 row, exit_reason why, i64 now);
