"""First contact: compares a target file with what plain reads show. Nothing is judged."""
