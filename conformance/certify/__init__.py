"""Trust in stored runs: what they say about themselves is recomputed before anyone believes it."""
