"""What everything stands on: values, texts, files, errors, options, and how YAML is read."""
