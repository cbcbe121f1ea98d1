import { createHash } from 'node:crypto';
import { Html, html } from './html.ts';

/** For a phone in the hand of somebody who was asleep: large, few colours, each pair above 7:1, and no motion. */
const style = `
:root{color-scheme:light dark;--back:#fff;--text:#111;--dim:#454545;--line:#8a8a8a;--act:#0842a0;--on-act:#fff;--warn:#8c1d18}
@media(prefers-color-scheme:dark){:root{--back:#0e0e0e;--text:#f1f1f1;--dim:#bdbdbd;--line:#777;--act:#a8c7fa;--on-act:#062e6f;--warn:#f9b4ae}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--back);color:var(--text);font:18px/1.45 system-ui,sans-serif;overflow-wrap:anywhere}
main{max-width:34rem;min-height:100vh;min-height:100svh;margin:0 auto;padding:16px;display:flex;flex-direction:column;gap:12px}
h1,h2{font-size:1.35rem;line-height:1.25;margin:0}
h2{font-size:1.15rem}
p,dl,dd,form{margin:0}
.kind{color:var(--warn);font-weight:700}
.dim,dt{color:var(--dim);font-size:1rem}
dl{display:grid;grid-template-columns:auto 1fr;gap:4px 12px}
.grow{flex:1}
.act{position:sticky;bottom:0;background:var(--back);padding:8px 0 16px}
.act p{margin-top:10px}
button,.again{display:block;width:100%;min-height:64px;padding:12px;border:2px solid var(--act);border-radius:12px;font:inherit;font-weight:700;font-size:1.35rem;text-align:center;text-decoration:none;cursor:pointer;background:var(--act);color:var(--on-act)}
button.quiet,.again{background:var(--back);color:var(--act);font-size:1.1rem;min-height:56px}
button:focus-visible,a:focus-visible{outline:4px solid var(--text);outline-offset:3px}
code{font-size:1rem}
`;

/** Made in one piece: the hash is of exactly what stands between the tags. */
const styleElement = new Html(`<style>${style}</style>`);
const styleHash = createHash('sha256').update(style).digest('base64');

/**
 * What a browser may do with a page of Vigil's: show it and send its own form. The address is a secret, so it goes into
 * no cache, no referrer and no index, and nobody else's page may hold it in a frame.
 */
export const pageHeaders = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${styleHash}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-robots-tag': 'noindex, nofollow',
} as const;

/** A whole page. `title` is of Vigil's own words: a browser shows it to whoever looks at its list of tabs. */
export function layout(
  title: string,
  body: Html,
  { refreshSeconds = null }: { refreshSeconds?: number | null } = {},
): string {
  const refresh = refreshSeconds !== null && html`<meta http-equiv="refresh" content="${refreshSeconds}" />`;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex, nofollow" />
        <meta name="format-detection" content="telephone=no" />
        ${refresh}
        <title>${title} · Vigil</title>
        ${styleElement}
      </head>
      <body>
        <main>${body}</main>
      </body>
    </html> `.text;
}
