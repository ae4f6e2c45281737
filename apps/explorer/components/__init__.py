"""Components of the explorer that Gradio does not have: one folder each."""
