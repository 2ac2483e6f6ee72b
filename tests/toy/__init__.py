"""A second, small contract with its own server: proof that the engine is independent of the API."""
