"""A recorded host: the raw answers of its engine as they were read, from which any version derives the inventory."""
