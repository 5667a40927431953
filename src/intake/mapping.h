/* mapping.h — what the columns of a table mean: as people say, else guessed from names (Chinese and
 * English) and from what stands in them. */
#pragma once
#include "base/json.h"
#include "intake/rows.h"
#include "intake/when.h"

typedef enum { IMPORT_CUSTOMERS = 1, IMPORT_EVENTS, IMPORT_ORDERS } import_kind;

#define TARGETS(X)                                                                                 \
    X(IGNORE, "-")                                                                                 \
    X(IDENTIFIER, "")                                                                              \
    X(ATTRIBUTE, "attribute:")                                                                     \
    X(PROPERTY, "property:")                                                                       \
    X(CONSENT, "consent:")                                                                         \
    X(TAG, "tag")                                                                                  \
    X(EVENT, "event")                                                                              \
    X(AT, "occurred_at")                                                                           \
    X(ORDER, "order_id")                                                                           \
    X(TOTAL, "total")                                                                              \
    X(QUANTITY, "quantity")                                                                        \
    X(PRICE, "price")                                                                              \
    X(PRODUCT, "product_id")                                                                       \
    X(PRODUCT_NAME, "product_name")                                                                \
    X(CATEGORY, "category")                                                                        \
    X(RETURN, "kind")                                                                              \
    X(MESSAGE, "message_id")

typedef enum {
#define X(name, text) TARGET_##name,
    TARGETS(X)
#undef X
        TARGET_COUNT
} target;

/* How the cells of an attribute or property are typed, if all that were looked at are so. */
typedef enum { CELLS_TEXT, CELLS_NUMBERS, CELLS_BOOLS, CELLS_DATES } cells_type;

struct column {
    str name;
    target target;
    str arg; /* IDENTIFIER: namespace; ATTRIBUTE, PROPERTY: name; CONSENT: channel[/topic] */
    cells_type type;
    date_order dates;
    u32 code, topic; /* of `arg`; the importer's */
};

enum { MAPPING_SAMPLE = 20000 /* rows looked at for evidence */, PREVIEW_ROWS = 20 };

/* What was seen of a column. */
struct column_facts {
    u32 cells, numbers, bools, dates, moments, emails, mobiles, month_first, day_first, year_first;
};

struct mapping {
    import_kind kind;
    struct column columns[ROWS_COLUMNS_MAX];
    u32 count;
    u32 first[TARGET_COUNT]; /* column of each target, or ROWS_COLUMNS_MAX */
    date_order dates;        /* said for all; UNSURE: by evidence */
    bool (*is_namespace)(void *ctx, str name);
    void *ctx;
    struct arena *arena; /* texts of arguments live there */
    struct column_facts facts[ROWS_COLUMNS_MAX];
};

/* Looks at one row of the sample. */
void mapping_look(struct mapping *m, const struct row *row);
/* Decides, after the sample was looked at. `said` is the mapping as given, an object, or NULL.
 * ERR_REFUSED, with the place, for a column that is not there or a target that does not exist. */
MUST_USE err mapping_decide(struct mapping *m, const struct rows *rows, const struct json *said,
                            struct diag *why);
/* A column that came after the sample (NDJSON): what one of no particular name is. */
void mapping_add(struct mapping *m, str name);
/* The first column of that target, or ROWS_COLUMNS_MAX; after mapping_decide. */
static inline u32 mapping_find(const struct mapping *m, target t)
{
    return m->first[t];
}
/* {"column":"target",…} as it was decided. */
void mapping_put(const struct mapping *m, struct buf *out);
