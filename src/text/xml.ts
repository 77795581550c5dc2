// Text that any XML 1.0 parser reads back as it is. A character that XML cannot contain becomes U+FFFD.

/** What must be written differently in an attribute or between tags. */
const SPECIAL = /[&<>"\u0000-\u001f\u007f-\u009f\ud800-\udfff\ufffe\uffff]/;
const EACH = /[&<>"\t\n\r]|[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff][\udc00-\udfff]|[\ud800-\udfff]/g;

const NAMED: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** The value of an attribute, without its quotes. Parsers would turn line ends and tabs into spaces. */
export function attribute(text: string): string {
  return SPECIAL.test(text)
    ? text.replace(EACH, (found) => NAMED[found] ?? (/[\t\n\r]/.test(found) ? `&#${found.charCodeAt(0)};` : kept(found)))
    : text;
}

/** Text between tags. Parsers would turn a carriage return into a line feed. */
export function content(text: string): string {
  if (!SPECIAL.test(text)) return text;
  return text.replace(EACH, (found) => {
    if (found === "\r") return "&#13;";
    if (found === "\n" || found === "\t" || found === '"') return found;
    return NAMED[found] ?? kept(found);
  });
}

/** A pair of surrogates is one character. */
function kept(found: string): string {
  return found.length === 2 ? found : "\ufffd";
}
