# hwdr: handwritten digits as a pipeline of small programs. `make help` lists the targets.
# A flavour is a folder and its flags, for any target:
#   make test BUILD=build/asan CFLAGS='-O1 -g -fsanitize=address,undefined'

CFLAGS   = -O2 -g
WARNINGS = -Wall -Wextra -Wshadow -Wvla -Wstrict-prototypes -Wconversion
PREFIX   = /usr/local
BUILD    = build

# Products and sums are contracted to FMA in the kernel files alone, so that everything else gives
# the same bits on every machine. Nobody looks at floating-point exceptions, so a choice between two
# numbers needs no branch.
HWDR_CPPFLAGS = -Ilib -D_GNU_SOURCE
HWDR_CFLAGS   = -std=c17 -fopenmp -ffp-contract=off -fno-math-errno -fno-trapping-math $(WARNINGS)
LIBS          = -lpng -lz -ljansson -lm
COMPILE       = $(CC) $(CPPFLAGS) $(HWDR_CPPFLAGS) $(CFLAGS) $(HWDR_CFLAGS)

# A kernel file named after an instruction set is built where the compiler's target has it.
ISAS_x86_64  = avx2 avx512
ISAS_aarch64 = neon
ISA_FLAGS_avx2   = -mavx2 -mfma
ISA_FLAGS_avx512 = -mavx512f -mavx512bw -mavx512vl -mavx512dq
TARGET  := $(firstword $(subst -, ,$(shell $(CC) -dumpmachine)))
FOREIGN := $(filter-out $(ISAS_$(TARGET)),$(ISAS_x86_64) $(ISAS_aarch64))

KERNELS  := $(filter-out $(FOREIGN:%=lib/kernels/%.c),$(wildcard lib/kernels/*.c))
OBJECTS  := $(patsubst lib/%.c,$(BUILD)/obj/%.o,$(wildcard lib/*.c) $(KERNELS))
PROGRAMS := $(patsubst tools/%.c,$(BUILD)/%,$(wildcard tools/*.c))
WEB      := $(BUILD)/web-predict
TESTS    := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(wildcard tests/unit/test_*.c))
BENCHES  := $(patsubst tests/bench/%.c,$(BUILD)/bench/%,$(wildcard tests/bench/*.c))
PARALLEL := $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc))

all: $(PROGRAMS) $(WEB) ## build the programs into build/

help: ## list the targets
	@sed -n 's/^\([a-z]*\):[^#]*## /  \1	/p' Makefile | expand -t 14

deps: ## install what is missing with apt-get (NO_INSTALL=1 only names it)
	@pipelines/deps.sh build serve test browser

data: ## put MNIST into data/mnist/, verified
	@pipelines/data.sh

demo: ## on a fresh machine: train, evaluate, draw the graphs, read a drawing
	@pipelines/deps.sh build
	@$(MAKE) --no-print-directory $(PARALLEL) all data
	@BUILD=$(BUILD) pipelines/demo.sh

test: ## build and run every test
	@pipelines/deps.sh build test browser
	@$(MAKE) --no-print-directory $(PARALLEL) tests web-data
	@BUILD=$(BUILD) tests/run

serve: ## draw a digit in the browser: http://localhost:5000, or PORT=
	@pipelines/deps.sh build serve
	@$(MAKE) --no-print-directory $(PARALLEL) web-data
	@BUILD=$(BUILD) pipelines/serve.sh

web-data: all data
	@BUILD=$(BUILD) pipelines/web-data.sh

plots: all data ## draw the graphs of the shipped model and of the recipes into plots/
	@BUILD=$(BUILD) pipelines/plots.sh
	@BUILD=$(BUILD) pipelines/plot-recipes.sh

bench: all data $(BENCHES) ## measure the speed, beside the peers' (ROWS: of what alone)
	@BUILD=$(BUILD) tests/bench/run.sh $(ROWS)

peers: ## put what bench compares with into build/peers (Python, 3 GB)
	@tests/bench/peers.sh build/peers

clean: ## remove everything that was built
	rm -rf build

tests: $(TESTS)

$(BUILD)/obj/%.o: lib/%.c Makefile
	@mkdir -p $(@D)
	$(COMPILE) -MMD -MP -c -o $@ $<

# After the rule above: make prefers the pattern that leaves the shorter stem.
$(BUILD)/obj/kernels/%.o: lib/kernels/%.c Makefile
	@mkdir -p $(@D)
	$(COMPILE) -O3 -ffp-contract=fast $(ISA_FLAGS_$*) -MMD -MP -c -o $@ $<

$(BUILD)/libhwdr.a: $(OBJECTS)
	rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/%: tools/%.c $(BUILD)/libhwdr.a
	@mkdir -p $(BUILD)/obj/tools
	$(COMPILE) -MMD -MP -MF $(BUILD)/obj/tools/$*.d $(LDFLAGS) -o $@ $< \
	  $(BUILD)/libhwdr.a $(LIBS)

$(WEB): $(wildcard web/*.[ch] lib/*.h) $(BUILD)/libhwdr.a
	$(COMPILE) $(LDFLAGS) -o $@ $(wildcard web/*.c) $(BUILD)/libhwdr.a -lfcgi $(LIBS)

$(BUILD)/tests/%: tests/unit/%.c $(BUILD)/libhwdr.a
	@mkdir -p $(BUILD)/tests $(BUILD)/obj/tests
	$(COMPILE) -MMD -MP -MF $(BUILD)/obj/tests/$*.d $(LDFLAGS) -o $@ $< \
	  $(BUILD)/libhwdr.a -lcmocka $(LIBS)

# Contracts to FMA, which is what peak measures.
$(BUILD)/bench/%: tests/bench/%.c $(BUILD)/libhwdr.a
	@mkdir -p $(BUILD)/bench $(BUILD)/obj/bench
	$(COMPILE) -ffp-contract=fast -MMD -MP -MF $(BUILD)/obj/bench/$*.d $(LDFLAGS) -o $@ $< \
	  $(BUILD)/libhwdr.a $(LIBS)

# What is installed, as pairs SOURCE:DESTINATION below PREFIX.
SHARED    = $(wildcard model/*.safetensors model/*.tsv model/*.md plots/*.gp)
INSTALLED = $(foreach p,$(PROGRAMS),$(p):bin/$(notdir $(p))) \
            $(foreach m,$(wildcard tools/*.1),$(m):share/man/man1/$(notdir $(m))) \
            $(foreach s,$(SHARED),$(s):share/hwdr/$(s)) \
            $(foreach f,lib/npystream.py lib/FORMAT.md,$(f):share/hwdr/$(notdir $(f)))

install: all ## install below PREFIX (/usr/local), staged in DESTDIR
	@set -e; for pair in $(INSTALLED); do to='$(DESTDIR)$(PREFIX)'/$${pair#*:}; \
	  echo "$$to"; case $$to in */bin/*) mode=755 ;; *) mode=644 ;; esac; \
	  install -D -m $$mode "$${pair%%:*}" "$$to"; done

uninstall: ## remove what install put there
	@set -e; for pair in $(INSTALLED); do rm -f '$(DESTDIR)$(PREFIX)'/$${pair#*:}; done
	@for folder in model plots ''; do \
	  rmdir '$(DESTDIR)$(PREFIX)'/share/hwdr/$$folder 2>/dev/null || :; done

.PHONY: all help deps data demo test serve web-data plots bench peers install uninstall clean tests
-include $(wildcard $(addprefix $(BUILD)/obj/,*.d kernels/*.d tools/*.d tests/*.d bench/*.d))
