"""Token and sequence classification: words, labels, files, predictions and the reasons for them."""
