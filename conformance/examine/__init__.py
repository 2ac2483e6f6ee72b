"""First contact: what a target file claims, and what plain reads show of it. Nothing is judged."""
