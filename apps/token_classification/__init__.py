"""The classification bench: labels of a text and the reasons for each, as a page of its own and as a tab."""
