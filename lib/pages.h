/* Memory by large pages: the system gives 2 MiB in less time than it takes for 100 small ones. */
#ifndef HWDR_PAGES_H
#define HWDR_PAGES_H

#include <stddef.h>

/* What to align an allocation of so many bytes to: 64, or a large page where one would be used. */
size_t pages_alignment(size_t bytes);

/* As much as an allocation of so many bytes takes, to end where its last large page does. */
size_t pages_room(size_t bytes);

/*
 * Ask the system for large pages where `memory`, pages_room(bytes) long and aligned as above, is
 * worth them. Before its first use; where the system has none, nothing is lost.
 */
void pages_ask(void *memory, size_t bytes);

/*
 * Memory of all this, not initialised.
 * Returns: NULL without memory. Owns: free with free().
 */
void *pages_new(size_t bytes);

#endif
