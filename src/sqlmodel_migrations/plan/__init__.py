"""What an upgrade would do, before it does it: steps with their statements, kept as a file."""
