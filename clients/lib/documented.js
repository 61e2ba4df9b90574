// The table in docs/testing.md.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Compares the table of the document with that of this run. */
export function documentedTable(root, table) {
  const text = readFileSync(join(root, 'docs/testing.md'), 'utf8');
  const [, documented] = /<!-- clients:begin -->\n([\s\S]*?)\n<!-- clients:end -->/.exec(text) ?? [];
  assert.equal(documented, table, 'docs/testing.md must have the table of this run');
  return 'equals this one';
}
