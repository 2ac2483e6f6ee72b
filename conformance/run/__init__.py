"""A run in progress: the session, pytest as its engine, and its output for the user."""
