"""Where a file comes from: what is drawn of which run, as a record that goes into the file and draws it again."""
