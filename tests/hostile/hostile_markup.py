"""Markup that would run or ask for something, if a page let it."""

from __future__ import annotations

# {canary} is the address of the server that no page should ask.
MARKUP = {
    "a script": "<script>document.title='owned'</script>",
    "a script from elsewhere": "<script src='{canary}/script'></script>",
    "an image with a handler": "<img src=x onerror=\"document.title='owned'\">",
    "an image from elsewhere": "<img src='{canary}/image'> ![x]({canary}/image)",
    "an SVG": "<svg onload=\"document.title='owned'\"><script>document.title='owned'</script></svg>",
    "an SVG as picture": "<img src=\"data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'/>\">",
    "a frame": "<iframe src='{canary}/frame'></iframe><iframe srcdoc='<script>top.document.title=1</script>'></iframe>",
    "an object": "<object data='{canary}/object'></object><embed src='{canary}/embed'>",
    "a style": "<style>body {{ display: none; background: url({canary}/style) }}</style>",
    "a style sheet": "<link rel=stylesheet href='{canary}/sheet'><link rel=prefetch href='{canary}/prefetch'>",
    "a cover over the page": "<div style='position:fixed;inset:0;z-index:9;background:#fff'>100 of 100 points</div>",
    "another base": "<base href='{canary}/base'><a href='relative'>x</a>",
    "another address": "<meta http-equiv=refresh content='0;url={canary}/refresh'>",
    "a link that runs": "[x](javascript:document.title='owned') <a href=\"jAva\tscript:alert(1)\">y</a>",
    "a link with data": "[x](data:text/html,<script>alert(1)</script>)",
    "a form": "<form action='{canary}/form'><input name=password><button>Log in</button></form>",
    "a film": "<video src='{canary}/film' autoplay></video><audio src='{canary}/sound'></audio>",
    "a picture with many sources": "<picture><source srcset='{canary}/srcset'><img srcset='{canary}/srcset'></picture>",
    "names of the page": "<div id=criteria name=body class='total late'>x</div>",
    "a hidden namespace": "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style>",
    "text that is not closed": "</div></article></section></main></body><!-- <textarea><plaintext>",
    "a formula that is a link": "$\\href{{javascript:x}}{{x}}$ $\\text{{<img src={canary}/f>}}$ $\\class{{late}}{{x}}$",
    "a template": "{{{{ 7*7 }}}}{{% raw %}}",
}


FORBIDDEN = {
    "script",
    "iframe",
    "object",
    "embed",
    "base",
    "form",
    "input",
    "button",
    "link",
    "video",
    "audio",
    "source",
}
