"""What a project is: its configuration, its URL, its models, and the files that `init` writes."""
