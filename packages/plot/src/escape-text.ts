/** Control characters and lone surrogates: XML 1.0 forbids them even when escaped, yet a file name may hold them. */
const FORBIDDEN = /(?![\t\n\r])[\p{Cc}\p{Cs}\ufffe\uffff]/gu;

/** Replaces characters that no XML document may hold by `�`. */
export function printableText(text: string): string {
  return text.replace(FORBIDDEN, "\ufffd");
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Makes any text safe inside HTML and SVG elements and quoted attributes. */
export function escapeText(text: string): string {
  return printableText(text).replace(/[&<>"']/g, (letter) => ENTITIES[letter] as string);
}
