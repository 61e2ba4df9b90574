// Answers of the server against those in the documents.

import assert from 'node:assert/strict';

const ID = /\b([a-z]+)_([0-9a-f]{32})/g;

/** The ids in the documents, and those of this run that stand for them. */
export class Ids {
  known = new Map();

  /** The text with the ids of this run. */
  replace(text) {
    return text.replaceAll(ID, (id) => this.known.get(id) ?? id);
  }

  /** Compares two JSON values. A documented string that ends in `...` gives only the beginning. */
  compare(documented, actual, path = '$') {
    if (typeof documented === 'string' && typeof actual === 'string') {
      this.#learn(documented, actual);
      const expected = this.replace(documented);
      if (expected.endsWith('...')) assert.ok(actual.startsWith(expected.slice(0, -3)), `${path}: ${actual}`);
      else assert.equal(actual, expected, path);
    } else if (documented !== null && typeof documented === 'object' && actual !== null && typeof actual === 'object') {
      assert.deepEqual(Object.keys(actual), Object.keys(documented), `${path} in ${JSON.stringify(actual)}`);
      for (const key of Object.keys(documented)) this.compare(documented[key], actual[key], `${path}.${key}`);
    } else {
      assert.deepEqual(actual, documented, path);
    }
  }

  /** Takes the ids of a string as those of this run, unless they are known. */
  #learn(documented, actual) {
    const found = [...actual.matchAll(ID)];
    [...documented.matchAll(ID)].forEach(([id, kind], index) => {
      if (!this.known.has(id) && found[index]?.[1] === kind) this.known.set(id, found[index][0]);
    });
  }
}

/** Returns true if the output has the documented text, in which `...` stands for any text. */
export function hasText(output, documented) {
  const parts = documented.split('...').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(parts.join('[\\s\\S]*?'), 'i').test(output);
}
