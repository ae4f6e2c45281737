"""What the pages share: session and caches, address, theme, download, and what their scripts draw with."""
