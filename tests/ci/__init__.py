"""CI: the action and the jobs of other systems in simulated runners, and the container file."""
