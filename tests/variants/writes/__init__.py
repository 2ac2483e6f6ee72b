"""Legal variants of writes."""
