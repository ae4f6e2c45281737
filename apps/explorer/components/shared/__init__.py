"""What several components of the page are made of: their scripts in common, read by `shared.sources`."""
