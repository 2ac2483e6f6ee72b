"""How scenarios send: the client, its knowledge of the target, and the values that it fills in."""
