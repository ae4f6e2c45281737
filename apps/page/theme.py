"""How the pages look: fonts, colours, light and dark."""

from gradio.themes import Base
from gradio.themes.utils.fonts import LocalFont

# Fonts in the two weights whose files are whole: the semi-bold ones that gradio bundles lack most letters.
THEME = Base(
    font=[LocalFont("IBM Plex Sans", weights=(400, 700)), "system-ui", "sans-serif"],
    font_mono=[LocalFont("IBM Plex Mono", weights=(400, 700)), "ui-monospace", "monospace"],
)
CSS = """
.gradio-container { width: 100%; max-width: 1400px !important; margin: 0 auto; }
#headline h1 { font-size: 20px; margin: 0; } #headline p { margin: 0; color: var(--body-text-color-subdued); }
#theme-toggle { max-width: 120px; height: 40px; align-self: center; }
.take-away { align-items: end; }
/* Gradio's row of tabs does not shrink: on a phone it would make the page scroll sideways. */
.tab-wrapper .tab-container { overflow-x: auto; width: 0; flex: 1 1 0; }
"""
IS_DARK = "() => document.body.classList.contains('dark')"
TOGGLE = "() => { document.body.classList.toggle('dark'); return document.body.classList.contains('dark'); }"
