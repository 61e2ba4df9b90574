// Programs that are written from the documents and run beside the installed packages.

import { execFile } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const TIMEOUT_MS = 60_000;

/** Writes files into an empty folder below `clients/`, where Node.js finds the packages. */
export function writeFolder(root, name, files) {
  const folder = join(root, 'clients/.examples', name);
  rmSync(folder, { recursive: true, force: true });
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  return folder;
}

/** Runs a program and returns what it prints. */
export async function runProgram(program, words, cwd, settings = {}) {
  try {
    const { stdout } = await promisify(execFile)(program, words, {
      cwd,
      env: { ...process.env, ...settings },
      timeout: TIMEOUT_MS,
    });
    return stdout;
  } catch (error) {
    throw new Error(`${program} ${words[0]} failed (${error.code})\n${error.stdout}\n${error.stderr}`);
  }
}
