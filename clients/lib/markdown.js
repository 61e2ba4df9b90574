// Code blocks of the documents.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The code blocks of a document in their order, each with its language, text and line. `heading` selects one section. */
export function codeBlocks(root, document, heading) {
  const text = readFileSync(join(root, document), 'utf8');
  const [begin, end] = section(text, heading);
  const blocks = [];
  for (const match of text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)) {
    if (match.index < begin || match.index >= end) continue;
    const line = text.slice(0, match.index).split('\n').length;
    blocks.push({ document, language: match[1], text: match[2], line });
  }
  return blocks;
}

function section(text, heading) {
  if (!heading) return [0, text.length];
  const begin = text.indexOf(`\n## ${heading}\n`);
  if (begin < 0) throw new Error(`there is no section ${heading}`);
  const end = text.indexOf('\n## ', begin + 1);
  return [begin, end < 0 ? text.length : end];
}
