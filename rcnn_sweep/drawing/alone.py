"""One drawing as a file of its own: an HTML page or an SVG."""

from markupsafe import Markup

from rcnn_sweep.drawing.style import palette_css, shapes_css

BODY = """
body { margin: 0; background: var(--paper); color: var(--ink); }
main { max-width: 60rem; margin: 0 auto; padding: 2rem 1.5rem; }
svg { display: block; width: 100%; height: auto; }
""".strip()


def styled(picture: Markup) -> str:
    """Give an SVG element as a whole SVG file, in which the style is."""
    style = Markup("<style>{}</style>").format(Markup("\n".join([palette_css(), shapes_css()])))
    start, end, rest = str(picture).partition(">")
    named = start.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    return f"{named}{end}{style}{rest}\n"


def page_around(picture: Markup, title: str) -> str:
    """Give a page that shows ``picture``; it loads nothing and runs nothing."""
    return Markup(
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n<main>\n{}\n</main>\n"
        "</body>\n</html>\n"
    ).format(title, Markup("\n".join([palette_css(), BODY, shapes_css()])), picture)
