"""What is read in a pass, one reader a file."""
