"""An image's layers, read where they lie: directories of the engine, its export stream, archives and OCI layouts."""
