#pragma once

// ALIGNLAB_WIDE before a function makes a second one of it for AVX2, chosen when the program
// starts. For loops whose sums are kept in lanes that the source names and whose products are not
// fused: wider registers then give the same bits.

#if defined(__x86_64__) && defined(__ELF__) && !defined(__SANITIZE_ADDRESS__)
#define ALIGNLAB_WIDE __attribute__((target_clones("avx2", "default")))
#else
#define ALIGNLAB_WIDE
#endif
