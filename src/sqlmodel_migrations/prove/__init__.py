"""The proof: revisions run up, down and up again on a shadow that has rows."""
