"""The evidence log: its format and schemas, and how it is written, read, compressed and bounded."""
