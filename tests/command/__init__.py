"""The command as people run it: real processes, real HTTP, exit codes, messages and files."""
