"""What several tests use: ways to a server, and servers."""
