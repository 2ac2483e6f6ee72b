"""Legal variants of requests, by what they differ in."""
