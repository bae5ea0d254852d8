"""What a command has to say, and the reporters that say it."""
