"""Two servers as hurried vendors build them, each with a list of what is wrong in it."""
