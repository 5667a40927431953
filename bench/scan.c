/* scan.c — sealing, merging and scanning the peers' events: bench-scan EVENTS.CSV [MIB OF A SEAL].
 *
 * Appends every row as a customer's event of history with its five properties, seals and merges as
 * the engine would, and scans what lies there then. Prints rows a second, bytes an event and
 * nanoseconds an event; of one thread. */
#include "event/scan.h"
#include "base/bytes.h"
#include "env/env.h"
#include "event/catalog.h"
#include "log/names.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { AMOUNT = 1, PRODUCT, CATEGORY, CHANNEL, CITY, FIELDS };

/* Processor time of this thread: others are at work on the machine. */
static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static event_persona head_of(void *ctx, event_persona p)
{
    (void)ctx;
    return p;
}

struct work {
    double sealing, merging;
    u64 sealed, merged;
};

static void finish(struct events *es, struct seal_job *job, struct work *w)
{
    u32 before = es->catalog->count;
    double from = seconds();
    while (event_job_step(job, head_of, NULL, 5000) == ERR_AGAIN) continue;
    double took = seconds() - from;
    event_install(es, job);
    bool is_seal = es->catalog->count > before;
    const struct sealed *s = es->catalog->files[es->catalog->count - 1];
    if (is_seal) w->sealing += took, w->sealed += s->head.rows;
    if (!is_seal) w->merging += took;
    for (u32 i = 0; !is_seal && i < es->catalog->count; i++)
        if (es->catalog->files[i]->head.generation == es->generation - 1)
            w->merged += es->catalog->files[i]->head.rows;
}

static u32 event_code(str name)
{
    static char names[64][32];
    static u32 count;
    for (u32 i = 0; i < count; i++)
        if (str_eq(name, str_of(names[i]))) return 20 + i;
    memcpy(names[count], name.p, name.n);
    return 20 + count++;
}

static str cell(char **p)
{
    char *from = *p;
    while (**p != ',' && **p != '\n') ++*p;
    return (str){from, (size_t)((*p)++ - from)};
}

static void append(struct events *es, char *line, u64 order, struct buf *props)
{
    i64 ts, who, number;
    struct event ev = {.order = order,
                       .source = 3,
                       .flags = EVENT_HISTORY,
                       .received_ms = 1800000000000 + (i64)(order >> 20)};
    MUST(str_to_i64(cell(&line), &ts) == ERR_OK && str_to_i64(cell(&line), &who) == ERR_OK);
    ev.code = event_code(cell(&line));
    ev.persona = (u32)who;
    ev.occurred_ms = ts * 1000;
    buf_reset(props);
    for (u32 f = AMOUNT; f <= CATEGORY; f++) {
        MUST(str_to_i64(cell(&line), &number) == ERR_OK);
        props_put(props, f, value_int(number));
    }
    props_put(props, CHANNEL, value_text(cell(&line)));
    props_put(props, CITY, value_text(cell(&line)));
    ev.props = buf_str(props);
    event_append(es, &ev);
}

/* Where the bytes of the sealed files are. */
static void columns(const struct events *es, u64 events)
{
    static const char *const ROWS[] = {"time", "kind", "message id"};
    static const char *const RUNS[] = {"record", "place", "received", "persona", "source", "flags"};
    double rows[3] = {0}, runs[6] = {0}, fields[16] = {0}, counts = 0, frame = 0, other = 0,
           n = (double)events;
    for (u32 f = 0; f < es->catalog->count; f++) {
        const struct sealed *s = es->catalog->files[f];
        struct block b = {0};
        u64 row_bytes;
        sealed_section(s, SECTION_ROWS, &row_bytes);
        other += (double)(s->head.bytes - row_bytes);
        for (u32 row = 0; row < s->head.rows; row = b.end) {
            block_at(&b, s, row);
            const struct block_head *h = b.head;
            for (u32 c = 0; c < ROW_COLUMNS; c++) rows[c] += h->row[c].width / 8.0 * h->rows;
            for (u32 c = 0; c < RUN_COLUMNS; c++) runs[c] += h->run[c].width / 8.0 * h->runs;
            counts +=
                h->rows / 8.0 + h->rows / 32.0 + (h->rows / BLOCK_COUNTED + 1) * h->kinds * 2.0;
            frame += (double)sizeof *h + h->kinds * 16.0 + h->fields * 8.0 + h->columns * 16.0;
            for (u32 k = 0; k < h->kinds; k++) {
                const struct block_kind *kind = block_kind(&b, k);
                for (u32 i = 0; i < kind->field_count; i++)
                    fields[block_fields(&b, kind)[i].property % 16] +=
                        block_columns(&b, kind)[i].width / 8.0 * kind->rows;
            }
        }
    }
    for (u32 c = 0; c < ROW_COLUMNS; c++) printf("  %s %.2f", ROWS[c], rows[c] / n);
    for (u32 c = 0; c < RUN_COLUMNS; c++) printf("  %s %.2f", RUNS[c], runs[c] / n);
    for (u32 c = 1; c < FIELDS; c++) printf("  property %u %.2f", c, fields[c] / n);
    printf("  runs and counts %.2f  frames %.2f  customers, index, hashes %.2f\n", counts / n,
           frame / n, other / n);
}

static void scan(const struct event_view *v, const char *what, struct scan_want want)
{
    double best = 1e9;
    u64 events = 0, customers = 0, sum = 0;
    for (u32 round = 0; round < 3; round++) {
        struct scan_batch b;
        events = customers = sum = 0;
        double from = seconds();
        struct event_scan *s = event_scan_new(v, &want, head_of, NULL, 1);
        while (event_scan_next(s, 0, &b) == ERR_OK) {
            events += b.events;
            customers += b.customers;
            sum += (u64)b.time[0] + b.mark[0];
        }
        event_scan_free(s);
        best = seconds() - from < best ? seconds() - from : best;
    }
    printf("scan %-28s %6.1f ms, %llu events of %llu customers, %5.2f ns an event\n", what,
           best * 1e3, (unsigned long long)events, (unsigned long long)customers,
           best * 1e9 / (double)events);
}

static void scans(const struct events *es, const struct event_view *v)
{
    struct scan_property amount = {AMOUNT, SCAN_FIXED}, all[] = {{AMOUNT, SCAN_FIXED},
                                                                 {PRODUCT, SCAN_FIXED},
                                                                 {CHANNEL, SCAN_TEXT},
                                                                 {CITY, SCAN_TEXT}};
    u32 *pay = mem_zalloc((NAMES_MAX + 1) * sizeof *pay),
        *three = mem_zalloc((NAMES_MAX + 1) * sizeof *three);
    pay[event_code(S("pay"))] = 1;
    three[event_code(S("view_product"))] = 1, three[event_code(S("add_to_cart"))] = 2;
    three[event_code(S("pay"))] = 4;
    i64 last = 0;
    for (u32 i = 0; i < es->catalog->count; i++)
        last = max_i64(last, es->catalog->files[i]->head.occurred_max);
    scan(v, "time", (struct scan_want){.from = INT64_MIN, .to = NEVER});
    scan(v, "time, code", (struct scan_want){.from = INT64_MIN, .to = NEVER, .codes = true});
    scan(v, "time, code, amount",
         (struct scan_want){.from = INT64_MIN,
                            .to = NEVER,
                            .properties = &amount,
                            .property_count = 1,
                            .codes = true});
    scan(
        v, "four properties",
        (struct scan_want){.from = INT64_MIN, .to = NEVER, .properties = all, .property_count = 4});
    scan(v, "pay, amount",
         (struct scan_want){.from = INT64_MIN,
                            .to = NEVER,
                            .marks = pay,
                            .properties = &amount,
                            .property_count = 1});
    scan(v, "three events", (struct scan_want){.from = INT64_MIN, .to = NEVER, .marks = three});
    scan(v, "three events of seven days",
         (struct scan_want){.from = last - 7 * DAY, .to = NEVER, .marks = three});
    scan(v, "thirty days, code",
         (struct scan_want){.from = last - 30 * DAY, .to = NEVER, .codes = true});
    free(pay), free(three);
}

int main(int argc, char **argv)
{
    char dir[] = "/tmp/bench-scan-XXXXXX", line[512];
    struct work w = {0};
    struct buf props;
    struct diag why = {0};
    FILE *f = argc > 1 ? fopen(argv[1], "r") : NULL;
    if (!f || !mkdtemp(dir) || !fgets(line, sizeof line, f)) return 2;
    buf_init(&props, 4096);
    struct events_options o = {.dir = dir,
                               .tail_bytes_seal = argc > 2 ? (u64)atoi(argv[2]) << 20 : 0};
    struct events *es = events_new(env_real(), &o);
    MUST(events_open(es, S(""), &why) == ERR_OK);
    u64 n = 0;
    for (; fgets(line, sizeof line, f); n++) {
        append(es, line, (n / 60000 + 1) << 20 | n % 60000, &props);
        struct seal_job *job = event_job(es, false);
        if (job) finish(es, job, &w);
    }
    for (struct seal_job *job; (job = event_job(es, es->tail_rows > 0));) finish(es, job, &w);
    printf("%llu events in %u files, %.2f bytes an event\n", (unsigned long long)n,
           es->catalog->count, (double)events_disk_bytes(es) / (double)n);
    printf("sealing %.2f M rows/s, merging %.2f M rows/s (%.2f s of %.1f M rows)\n",
           (double)w.sealed / w.sealing / 1e6, (double)w.merged / w.merging / 1e6, w.merging,
           (double)w.merged / 1e6);
    columns(es, n);
    scans(es, event_view_live(es));
    events_free(es);
    fclose(f);
    fflush(stdout);
    return execlp("rm", "rm", "-r", dir, (char *)NULL);
}
