"""A server with Flask and SQLite, as another vendor in a hurry builds it."""
