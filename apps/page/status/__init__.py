"""The line under the text box: what was run, and what went wrong."""
