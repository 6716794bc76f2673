"""The command line: every verb a person types."""
