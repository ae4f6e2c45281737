"""The endings of what is saved. Imports nothing heavy: the command line names them in its help."""

FIGURE_SUFFIXES = (".pdf", ".svg", ".png", ".html")
STRIP_SUFFIX = ".tex"  # a text whose tokens are coloured is a figure that LaTeX itself can set
TABLE_SUFFIXES = (".csv", ".parquet", ".tex")
MAP_SUFFIXES = (".npz", ".safetensors")
