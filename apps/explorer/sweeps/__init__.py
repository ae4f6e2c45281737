"""What heads do over the texts of a sweep, beside what they do in the text on screen."""
