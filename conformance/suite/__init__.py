"""The scenarios: ordinary pytest tests, one file per area. They arrange, send and label; they judge nothing."""
