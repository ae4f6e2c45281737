"""What heads do: their scores, the kinds of heads that the scores show, and a test that depends on no sentence."""
