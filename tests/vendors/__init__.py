"""Two servers as vendors in a hurry build them, each with a list of its faults."""
