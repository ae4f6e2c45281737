"""Fine-tuning: a classification head on a user's own labelled file, with transformers' Trainer on our model class."""
