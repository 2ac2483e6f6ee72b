"""A second, small contract with its own server: the proof that the engine knows no API."""
