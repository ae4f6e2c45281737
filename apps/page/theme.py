"""How the pages look: fonts, colours, light and dark."""

from gradio.themes import Base
from gradio.themes.utils.fonts import LocalFont

# Fonts in the two weights whose files are whole: the semi-bold ones that gradio bundles lack most letters.
THEME = Base(
    font=[LocalFont("IBM Plex Sans", weights=(400, 700)), "system-ui", "sans-serif"],
    font_mono=[LocalFont("IBM Plex Mono", weights=(400, 700)), "ui-monospace", "monospace"],
)
