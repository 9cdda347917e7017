"""Resources out of files: strictly read JSON and NDJSON, in batches for several processes."""
