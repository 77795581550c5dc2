// Text that any XML 1.0 parser reads back as it is. A character that XML cannot contain becomes U+FFFD.

/** What is written differently: characters of markup, line ends and tabs, and what XML cannot contain. */
const SPECIAL = /[&<>"]|[^ -\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;
const EACH = new RegExp(SPECIAL, "gu");

const MARKUP: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** The value of an attribute, without its quotes. Parsers would turn line ends and tabs into spaces. */
export function attribute(text: string): string {
  return SPECIAL.test(text) ? text.replace(EACH, inAttribute) : text;
}

/** Text between tags. Parsers would turn a carriage return into a line feed. */
export function content(text: string): string {
  return SPECIAL.test(text) ? text.replace(EACH, inContent) : text;
}

function inAttribute(found: string): string {
  return MARKUP[found] ?? ("\t\n\r".includes(found) ? `&#${found.charCodeAt(0)};` : "\ufffd");
}

function inContent(found: string): string {
  return '\t\n"'.includes(found) ? found : inAttribute(found);
}
