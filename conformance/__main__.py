"""``python -m conformance``: the command."""

from conformance.command.cli import main

if __name__ == "__main__":
    main()
