"""The labels of the embedded classifier: five entity types in BIO tags."""

from gemma2_workbench.classification.schemes import as_bio

TYPES = ("PER", "ORG", "LOC", "NORP", "DATE")
TAGS = ("O", *(f"{prefix}-{kind}" for kind in TYPES for prefix in "BI"))


def is_valid(tags: list[str]) -> bool:
    """True if every tag is known and every I- continues an entity of its own type."""
    return all(tag in TAGS for tag in tags) and as_bio(tags) == tags
