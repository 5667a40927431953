# Beckon. `make run` and `make test` install what is missing (Debian 12), build, and do what they say.
#
#   make            the binary, build/release/beckon          make run    serve it with its pages
#   make test       everything that must pass, ≤ 15 minutes   make gate   deeper, ≤ 60 minutes
#   make check      lint, format, fast tests: before a commit make bench   the figures of docs/benchmarks.md
#   make crash      1,000 kills                               make fuzz   a minute for each fuzz target
#
# MODE is release (default), debug, asan or tsan; each lives in build/$(MODE). Sources are found by
# wildcard: a new file needs no line here.

MODE ?= release
CC := gcc
CXX := g++
OUT := build/$(MODE)
PACKAGES := libuv1-dev libhttp-parser-dev libsimdjson-dev libcurl4-openssl-dev libssl-dev libxxhash-dev \
            libzstd-dev libcmocka-dev libyaml-dev libutf8proc-dev libroaring-dev libsqlite3-dev libargon2-dev zlib1g-dev libzip-dev libxlsxwriter-dev libexpat1-dev \
            pkg-config gcc g++ clang clang-format make python3

MODULES := $(notdir $(wildcard src/*))
C_SOURCES := $(filter-out %_test.c src/base/test.c src/main/main.c,$(wildcard $(MODULES:%=src/%/*.c)))
CC_SOURCES := $(wildcard $(MODULES:%=src/%/*.cc))
TEST_SOURCES := $(wildcard $(MODULES:%=src/%/*_test.c)) src/base/test.c
EMBED := $(OUT)/embed.o $(OUT)/embed_bytes.o
OBJECTS := $(C_SOURCES:%.c=$(OUT)/%.o) $(CC_SOURCES:%.cc=$(OUT)/%.o) $(EMBED)
TEST_OBJECTS := $(TEST_SOURCES:%.c=$(OUT)/%.o)

WARN := -Wall -Wextra -Werror -Wshadow -Wconversion -Wvla -Wwrite-strings -Wcast-qual -Wundef -Wformat=2 \
        -Wdouble-promotion -Wno-missing-field-initializers
C_WARN := $(WARN) -Wstrict-prototypes -Wmissing-prototypes
CC_WARN := -Wall -Wextra -Werror
HARDEN := -fstack-protector-strong -fstack-clash-protection -fcf-protection=full \
          -fno-delete-null-pointer-checks -fno-strict-overflow -fno-strict-aliasing -fPIE
COMMON := -Isrc -I$(OUT) -D_GNU_SOURCE -DBECKON_MODE='"$(MODE)"' -g -MMD -MP -ffp-contract=off \
          -fno-omit-frame-pointer -pthread $(HARDEN)
OPT_release := -O2 -flto=auto -D_FORTIFY_SOURCE=2 -ftrivial-auto-var-init=zero
OPT_debug := -O0
OPT_asan := -O1 -fsanitize=address,undefined -fno-sanitize-recover=all
OPT_tsan := -O1 -fsanitize=thread
OPT_fuzz := -O1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
ifeq ($(MODE),fuzz)
CC := clang
CXX := clang++
# The warnings are gcc's: every other mode has them, and clang's differ.
C_WARN := -w
CC_WARN := -w
endif
CFLAGS := -std=gnu17 $(C_WARN) $(COMMON) $(OPT_$(MODE)) $(EXTRA)
CXXFLAGS := -std=c++17 -msse4.2 -mpclmul $(CC_WARN) $(COMMON) $(OPT_$(MODE)) $(EXTRA) -fno-exceptions
LDFLAGS := -pie -Wl,-z,relro,-z,now,-z,noexecstack $(OPT_$(MODE)) -pthread
LIBS := -luv -lhttp_parser -lsimdjson -lcurl -lssl -lcrypto -lxxhash -lzstd -lz -lyaml -lutf8proc -lroaring -lsqlite3 -largon2 -lzip -lxlsxwriter -lexpat -lm

.DELETE_ON_ERROR:
.PHONY: engine-symbols all run test unit try try-run check lint format gate bench bench-peers crash fuzz deps clean compile_commands.json

all: $(OUT)/beckon

$(OUT)/beckon: $(OBJECTS) $(OUT)/src/main/main.o
	@$(CXX) $(LDFLAGS) -o $@ $^ $(LIBS)

$(OUT)/beckon-tests: $(OBJECTS) $(TEST_OBJECTS)
	@$(CXX) $(LDFLAGS) -o $@ $^ $(LIBS) -lcmocka

$(OUT)/%.o: %.c | deps
	@mkdir -p $(@D)
	@$(CC) $(CFLAGS) -c -o $@ $<

$(OUT)/%.o: %.cc | deps
	@mkdir -p $(@D)
	@$(CXX) $(CXXFLAGS) -c -o $@ $<

# What is built in. UI=0 leaves the pages of web/ out, and with them Node; only the release has them unasked.
UI ?= $(if $(filter release,$(MODE)),1,0)
DIST := $(if $(filter 1,$(UI)),web/dist)
$(OUT)/.ui-$(UI):
	@mkdir -p $(@D)
	@rm -f $(OUT)/.ui-*
	@touch $@

WEB := $(shell find web -path web/node_modules -prune -o -path web/dist -prune -o -type f -print 2>/dev/null)
web/dist: $(WEB) api/openapi.yaml tools/web.sh
	@sh tools/web.sh
	@touch $@

$(OUT)/embed.c: $(wildcard src/server/page/* playbooks/*/playbook.json) $(DIST) $(OUT)/.ui-$(UI) tools/embed.py tools/openapi.py api/openapi.yaml | deps
	@python3 tools/embed.py $(OUT)/embed src/server/page $(DIST)

$(OUT)/embed.o: $(OUT)/embed.c
	@$(CC) -std=gnu17 -O1 $(COMMON) -c -o $@ $<

$(OUT)/embed_bytes.o: $(OUT)/embed.c
	@$(CC) -c -o $@ $(OUT)/embed.S

# A fuzz target over its seeds only (any MODE), and as libFuzzer has it (MODE=fuzz).
$(OUT)/replay-%: $(OUT)/fuzz/%_fuzz.o $(OUT)/fuzz/replay.o $(OBJECTS)
	@$(CXX) $(LDFLAGS) -o $@ $^ $(LIBS)

$(OUT)/fuzz-%: $(OUT)/fuzz/%_fuzz.o $(OBJECTS)
	@$(CXX) $(LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(LIBS)

$(OUT)/bench-%: $(OUT)/bench/%.o $(OBJECTS)
	@$(CXX) $(LDFLAGS) -o $@ $^ $(LIBS)

.SECONDARY:

# Installs the packages that are missing; a stamp keeps it from asking each time.
deps: build/.deps-$(shell echo $(PACKAGES) | cksum | cut -d' ' -f1)
build/.deps-%:
	@sh tools/deps.sh $(PACKAGES)
	@mkdir -p build
	@touch $@

run: $(OUT)/beckon
	$(OUT)/beckon serve --data $(or $(DATA),data) $(ARGS)

unit:
	$(MAKE) --no-print-directory MODE=asan build/asan/beckon-tests
	sh tools/unit.sh build/asan/beckon-tests

# One module and the layers it needs, built and tested apart: make try M="base env log" [MODE=tsan] [T=title]
try:
	$(MAKE) --no-print-directory MODE=$(if $(filter release,$(MODE)),asan,$(MODE)) MODULES="$(M)" \
	    OUT=build/try-$(lastword $(M))-$(if $(filter release,$(MODE)),asan,$(MODE)) try-run
try-run: $(OUT)/beckon-tests
	sh tools/unit.sh $(OUT)/beckon-tests $(T)

lint: | deps
	sh tools/lint.sh

# What the engine's objects need from outside, for lint: everything below the edge, env by its table only.
ENGINE_MODULES := base env store log customer event predicate segment offer message journey engine
ENGINE_OBJECTS := $(filter-out %/env/real.o,$(patsubst %.c,$(OUT)/%.o,$(filter-out %_test.c src/base/test.c,$(wildcard $(ENGINE_MODULES:%=src/%/*.c)))))
engine-symbols: $(ENGINE_OBJECTS)
	@nm $(ENGINE_OBJECTS) | awk '$$2 ~ /^[TDBRVWCi]$$/ {have[$$3]} $$1 == "U" {want[$$2]} END {for (s in want) if (!(s in have)) print s}'

format:
	clang-format -i $$(git ls-files -co --exclude-standard 'src/*.[ch]' 'src/*.cc' 'fuzz/*.c' 'bench/*.c' 'test/*.c')

check: lint unit

test: | deps
	bash test/run.sh

gate: | deps
	bash test/gate.sh

crash: | deps
	KILLS=1000 bash test/crash.sh

bench: | deps
	bash bench/run.sh

# The peers' eleven questions on their data, ours through HTTP: CUSTOMERS=1000000 ENGINES="chdb duckdb"
bench-peers: $(OUT)/beckon
	bash bench/peers.sh $(or $(CUSTOMERS),1000000)

fuzz: | deps
	bash fuzz/run.sh $(or $(SECONDS_EACH),60)

compile_commands.json:
	bear -- $(MAKE) MODE=debug build/debug/beckon build/debug/beckon-tests

clean:
	rm -rf build

-include $(OBJECTS:.o=.d) $(TEST_OBJECTS:.o=.d) $(OUT)/src/main/main.d $(wildcard $(OUT)/fuzz/*.d $(OUT)/bench/*.d)
