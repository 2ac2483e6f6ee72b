"""The plan of a run: which scenarios there are, which cases they make, and which are selected."""
