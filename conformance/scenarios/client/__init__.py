"""How scenarios send: the client, what it knows of the target, and the values that it fills in."""
