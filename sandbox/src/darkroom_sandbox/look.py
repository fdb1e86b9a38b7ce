"""How the sandbox' own pages look: one small style, light and dark, without script."""

STYLE = """:root { color-scheme: light dark; --ground: light-dark(#f3f3f3, #161616); --raised: light-dark(#fff, #1f1f1f);
--line: light-dark(#dcdcdc, #333); --strong: light-dark(#8a8a8a, #7a7a7a); --text: light-dark(#1c1c1c, #ededed);
--quiet: light-dark(#5f5f5f, #a3a3a3); }
* { box-sizing: border-box; }
body { font: 0.9375rem/1.5 system-ui, sans-serif; max-width: 44rem; margin: 0 auto; padding: 2rem 1rem 4rem;
background: var(--ground); color: var(--text); }
body.narrow { max-width: 28rem; }
h1 { font-size: 1.5rem; line-height: 1.3; margin: 0; } p { margin: .25rem 0; }
a { color: inherit; } .about { color: var(--quiet); font-size: .8125rem; }
.mark { display: inline-block; margin: 0 0 .75rem; padding: 0 .5rem; border: 1px dashed var(--strong); border-radius: 1rem;
color: var(--quiet); font-size: .75rem; }
nav { display: flex; gap: .25rem; float: right; } nav a { padding: .25rem .75rem; border-radius: .375rem; text-decoration: none; }
nav a[aria-current] { background: var(--raised); border: 1px solid var(--line); font-weight: 600; }
.card, details { border: 1px solid var(--line); border-radius: .5rem; background: var(--raised);
margin: .75rem 0; padding: .75rem 1rem; }
.card { padding: 1.25rem; } details details { padding: .5rem .75rem; margin: .75rem 0 0; background: none; }
summary { cursor: pointer; overflow-wrap: anywhere; }
iframe { width: 100%; height: 24rem; margin-top: .5rem; border: 1px solid var(--line); border-radius: .375rem; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font-size: .8125rem; }
.sms { width: fit-content; max-width: 28rem; margin: .25rem 0 1.25rem; padding: .6rem 1rem; border-radius: 1rem 1rem 1rem .25rem;
border: 1px solid var(--line); background: var(--raised); overflow-wrap: anywhere; }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
td { padding: .5rem 0; border-bottom: 1px solid var(--line); }
tr:last-child td { border: 0; font-size: 1.125rem; } td:last-child { text-align: right; white-space: nowrap; }
button { font: inherit; font-weight: 600; display: block; width: 100%; margin: .5rem 0; padding: .6rem; cursor: pointer;
border: 1px solid var(--strong); border-radius: .375rem; background: var(--raised); color: var(--text); }
button:first-of-type { background: var(--text); border-color: var(--text); color: var(--raised); }
button:focus-visible, a:focus-visible, summary:focus-visible { outline: 2px solid var(--text); outline-offset: 2px; }
[role=alert] { padding: .5rem .75rem; border: 1px solid light-dark(#b3261e, #ff8f85);
border-radius: .375rem; color: light-dark(#b3261e, #ff8f85); }"""


def page(title: str, body: str, *, narrow: bool = False) -> str:
    """A whole page; `title` and `body` are HTML already."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>Sandbox: {title}</title><style>{STYLE}</style></head><body{' class=narrow' if narrow else ''}>"
        f'<p class="mark">Sandbox</p>{body}</body></html>'
    )
