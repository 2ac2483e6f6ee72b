"""Plain requests, and requests with one mistake."""
