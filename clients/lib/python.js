// A virtual environment with the packages of requirements.txt.

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Skipped } from './report.js';

/** Returns the folder with the programs of the environment, or the reason why there is none. */
export function preparePython(folder, requirements) {
  const environment = join(folder, 'python');
  const mark = join(environment, 'requirements.txt');
  const wanted = readFileSync(requirements, 'utf8');
  if (existsSync(mark) && readFileSync(mark, 'utf8') === wanted) return { bin: join(environment, 'bin') };
  if (spawnSync('python3', ['-c', 'import venv, ensurepip']).status !== 0) {
    return { missing: 'python3 with venv is not installed' };
  }
  rmSync(environment, { recursive: true, force: true });
  const options = { stdio: ['ignore', 'ignore', 'inherit'] };
  execFileSync('python3', ['-m', 'venv', environment], options);
  const pip = ['install', '--quiet', '--disable-pip-version-check', '--requirement', requirements];
  execFileSync(join(environment, 'bin/pip'), pip, options);
  writeFileSync(mark, wanted);
  return { bin: join(environment, 'bin') };
}

/** Runs a script in the environment and fails with what it prints. */
export function runPython(python, words, settings) {
  return runProgram(python, 'python', words, settings);
}

/** Runs a program of the environment and fails with what it prints. */
export function runProgram({ bin, missing }, program, words, settings, cwd) {
  if (!bin) throw new Skipped(missing);
  const { status, stdout, stderr } = spawnSync(join(bin, program), words, {
    cwd,
    env: { ...process.env, ...settings },
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(`${program} failed (${status})\n${stdout}\n${stderr}`);
  return stdout;
}
