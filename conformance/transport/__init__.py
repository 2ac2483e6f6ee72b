"""How a request travels to the target, and how it comes back as an Exchange without secrets."""
