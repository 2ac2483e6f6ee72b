"""A run in progress: the session, pytest as its engine, and what a person sees of it."""
