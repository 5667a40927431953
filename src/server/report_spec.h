/* report_spec.h — how the answer of each analysis is laid out (report_words.c). */
#pragma once
#include "server/report.h"

enum {
    PERIOD_ = 1,  /* takes from and to */
    COMPARE_ = 2, /* its figures can stand beside those of the period before */
    GROUPS_ = 4,  /* can be told apart by a board's control */
    SERIES_ = 8,  /* rows follow each other in time */
    LARGEST_ = 16 /* rows are shown by what is drawn, largest first */
};

/* Members are named by their path: "total/net", "steps/-1/share". */
struct report_spec {
    const char *name, *zh, *en, *zh_says, *en_says;
    const char *rows, *bar;
    u32 does;
    struct {
        const char *member, *zh, *en;
        report_as as;
    } columns[REPORT_COLUMNS_MAX], figures[REPORT_FIGURES_MAX];
};

const struct report_spec *report_spec(str analysis); /* NULL: no such analysis */
str report_group_name(str name, bool zh);
str report_weekday(u32 day, bool zh);
