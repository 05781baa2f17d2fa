"""Numbers without meaning: arrays, blocks of rows, Newton's method, tests and intervals."""
