"""One drawing as an HTML page of its own."""

from markupsafe import Markup

from rcnn_sweep.drawing.style import palette_css, shapes_css

BODY = """
body { margin: 0; background: var(--paper); color: var(--ink); }
main { max-width: 60rem; margin: 0 auto; padding: 2rem 1.5rem; }
svg { display: block; width: 100%; height: auto; }
""".strip()


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
