"""What everything else stands on: values, texts, files, errors, options, and the reading of files."""
