/* xlsx_fuzz.c — any bytes as a spreadsheet: it is refused with a reason, or its rows come. */
#include "intake/rows.h"

#include <stdio.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    struct file *f;
    struct rows *r;
    struct row row;
    struct diag why = {0};
    snprintf(path, sizeof path, "/tmp/beckon-fuzz-xlsx-%d", (int)getpid());
    MUST(env_open(env_real(), path, FILE_CREATE, &f) == ERR_OK);
    MUST(file_resize(f, 0) == ERR_OK && file_write(f, 0, data, size) == ERR_OK);
    file_close(f);
    if (rows_open(env_real(), path, &(struct rows_options){.format = ROWS_XLSX}, &r, &why) ==
        ERR_OK) {
        while (rows_next(r, &row, &why) == ERR_OK) MUST(row.count <= ROWS_COLUMNS_MAX);
        rows_close(r);
    } else {
        MUST(why.message[0]);
    }
    unlink(path);
    return 0;
}
