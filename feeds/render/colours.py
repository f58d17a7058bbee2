"""Readable colours: make an accent lighter or darker until its contrast is enough.

Contrast is the "contrast ratio" of WCAG 2.2: at least 4.5 for text (1.4.3).
"""

from colorsys import hls_to_rgb, rgb_to_hls

ENOUGH = 4.6  # a little more than 4.5, since colours are rounded
STEPS = 100
LIGHT, DARK = "#fffdf9", "#171513"  # the backgrounds of the two schemes, as in templates/pages.css
LIGHT_PANEL, DARK_PANEL = "#f5f1ea", "#211e1b"


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio, 1 to 21, of two colours, as `#rrggbb`."""
    brighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def readable(colour: str, *backgrounds: str) -> str:
    """Return the colour, made lighter or darker until it is readable on these backgrounds.

    The backgrounds are all light or all dark.
    """
    hue, lightness, saturation = rgb_to_hls(*_parts(colour))
    end = 0.0 if _luminance(backgrounds[0]) > 0.5 else 1.0
    for step in range(STEPS + 1):
        lighter = lightness + (end - lightness) * step / STEPS
        found = _hex(hls_to_rgb(hue, lighter, saturation))
        if all(contrast(found, background) >= ENOUGH for background in backgrounds):
            return found
    return "#000000" if end == 0.0 else "#ffffff"


def written_on(colour: str) -> str:
    """Return black or white, whichever is more readable on a colour."""
    return max("#ffffff", "#000000", key=lambda ink: contrast(ink, colour))


def _parts(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def _hex(parts: tuple[float, float, float]) -> str:
    return "#" + "".join(f"{round(part * 255):02x}" for part in parts)


def _luminance(colour: str) -> float:
    red, green, blue = (
        x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in _parts(colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
