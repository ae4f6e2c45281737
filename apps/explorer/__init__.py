"""The explorer: a page on which a person looks at the attention of every layer and head."""
