# hwdr: handwritten digits as a pipeline of small programs. `make help` lists the targets.

CFLAGS   = -O2 -g
WARNINGS = -Wall -Wextra -Wshadow -Wvla -Wstrict-prototypes -Wconversion
PREFIX   = /usr/local
BUILD    = build

# Products and sums are contracted to FMA in the kernel files alone, so that everything else gives
# the same bits on every machine.
HWDR_CPPFLAGS = -Ilib -D_GNU_SOURCE
HWDR_CFLAGS   = -std=c17 -fopenmp -ffp-contract=off $(WARNINGS)
LIBS          = -lpng -lz -ljansson -lm

ARCH    := $(shell uname -m)
KERNELS := portable $(if $(filter x86_64,$(ARCH)),avx2 avx512) $(if $(filter aarch64,$(ARCH)),neon)

LIB_SOURCES := $(wildcard lib/*.c)
LIB_OBJECTS := $(LIB_SOURCES:lib/%.c=$(BUILD)/obj/%.o)
KERNEL_OBJECTS := $(patsubst %,$(BUILD)/obj/kernels/%.o,kernels $(KERNELS))
PROGRAMS := $(patsubst tools/%.c,%,$(wildcard tools/*.c))

all: $(PROGRAMS:%=$(BUILD)/%)

$(BUILD)/%: tools/%.c $(BUILD)/libhwdr.a
	@mkdir -p $(BUILD)/obj/tools
	$(CC) $(CPPFLAGS) $(HWDR_CPPFLAGS) $(CFLAGS) $(HWDR_CFLAGS) -MMD -MP -MF $(BUILD)/obj/tools/$*.d \
	  $(LDFLAGS) -o $@ $< $(BUILD)/libhwdr.a $(LIBS)

$(BUILD)/libhwdr.a: $(LIB_OBJECTS)
	rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/obj/%.o: lib/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(HWDR_CPPFLAGS) $(CFLAGS) $(HWDR_CFLAGS) -MMD -MP -c -o $@ $<

clean:
	rm -rf build

.PHONY: all clean
-include $(wildcard $(BUILD)/obj/*.d $(BUILD)/obj/*/*.d)
