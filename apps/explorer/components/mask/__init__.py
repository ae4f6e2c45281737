"""The mask lab's picture: one mask, how far information reaches, and what the caches hold."""
