"""Legal variants of writes, by what they differ in."""
