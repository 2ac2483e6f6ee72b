"""The evidence log: its format, its schemas, how it is written, read, packed and bounded."""
