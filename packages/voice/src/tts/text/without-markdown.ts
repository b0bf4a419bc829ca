/** Applied in this order: an image is a link with a mark before it. */
const marks: ReadonlyArray<readonly [RegExp, string]> = [
  // Fences of code, and lines that are only a rule.
  [/^\s*(?:```.*|~~~.*|(?:[-*_] ?){3,})$/gm, ""],
  // Headings, quotations, list items.
  [/^[ \t]*(?:#{1,6}|>+|[-*+])[ \t]+/gm, ""],
  [/!?\[([^\]]*)\]\([^)]*\)/g, "$1"],
  [/(\*\*\*|\*\*|\*|~~|`+|__)(?=\S)(.+?)(?<=\S)\1/g, "$2"],
  [/(?<![\p{L}\p{N}])_(?=\S)(.+?)(?<=\S)_(?![\p{L}\p{N}])/gu, "$1"],
  // Marks whose other half is in another sentence.
  [/\*\*|__|`/g, ""],
  [/\p{Extended_Pictographic}[\p{Emoji_Modifier}\uFE0F\u200D\p{Extended_Pictographic}]*/gu, ""],
];

/** Removes markdown and emoji from a text: a `textFilter` for models that write markdown. */
export function withoutMarkdown(text: string): string {
  return marks.reduce((plain, [mark, replacement]) => plain.replace(mark, replacement), text);
}
