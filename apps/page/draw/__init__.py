"""What components draw with: the scripts and styles that they have in common, read by `draw.sources`."""
