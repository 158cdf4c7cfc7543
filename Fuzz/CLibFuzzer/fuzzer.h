#pragma once

#include <stddef.h>
#include <stdint.h>

/// Runs the fuzzer with its own arguments; the runtime comes with `-sanitize=fuzzer`.
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*target)(const uint8_t *bytes, size_t count));
