import { html, raw } from 'hono/html';
import type { Html } from './parts.ts';
import { STYLE } from './style.ts';

/** What differs between one page and another. */
export interface Sheet {
  title: string;
  /** Elements of the head, above the style sheet. */
  head: Html;
  header: Html;
  body: Html;
  footer: Html;
}

/** A whole HTML document without scripts. Everything in it is escaped but the style sheet. */
export function documentOf({ title, head, header, body, footer }: Sheet): string {
  return String(html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
${head}
<title>${title}</title>
<style>${raw(STYLE)}</style>
</head>
<body>
<main>
<header>
<h1>userdrift</h1>
${header}
</header>
${body}
<footer>${footer}</footer>
</main>
</body>
</html>
`);
}
