"""What every head does over many texts: exact sums that merge in any order, and the strongest examples of each head."""
