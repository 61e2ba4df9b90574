// Schemathesis against the OpenAPI document of the REST routes.

import { join } from 'node:path';
import { runProgram } from '../lib/python.js';

export const client = 'schemathesis';

export async function run({ development, admin, folder, python }, check) {
  await check('OpenAPI document of the REST routes', () => {
    const words = [
      'run', `${development.url}/api/openapi.json`, '--header', `Authorization: Bearer ${admin}`,
      '--checks', 'all',
      // Valid by the document and refused by a rule: an outdated If-Match, a key that was used, an unknown member.
      '--exclude-checks', 'positive_data_acceptance',
      '--max-examples', '50', '--seed', '1', '--generation-deterministic', '--no-color',
      '--report', 'junit', '--report-dir', join(folder, 'schemathesis'),
    ];
    const printed = runProgram(python, 'schemathesis', words, {}, folder);
    const [, operations] = /Tested: (\d+)/.exec(printed);
    return `${operations} operations without a failure`;
  });
}
