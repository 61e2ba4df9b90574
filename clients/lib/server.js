// Convene as a child process, with the settings of a check.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

const START_MS = 60_000;
const STOP_MS = 40_000;

/** The program with the settings that all servers of a run share. */
export class Convene {
  constructor({ binary, root, folder, mongodb }) {
    this.binary = binary;
    this.root = root;
    this.folder = folder;
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('CONVENE_'));
    this.environment = {
      ...Object.fromEntries(inherited),
      CONVENE_MONGODB_URI: mongodb,
      CONVENE_DATABASE: `clients_${Date.now().toString(36)}`,
      CONVENE_JWT_SECRET: 'the secret of a client check, which guards nothing',
    };
  }

  /** Runs a command and returns what it prints. */
  run(...words) {
    return execFileSync(this.binary, words, { cwd: this.root, env: this.environment, encoding: 'utf8' }).trim();
  }

  /** A token for a caller of the demo organization. */
  token(user, ...options) {
    return this.run('token', '--org', 'org-123', '--user', user, ...options);
  }

  /** Starts a server and waits until it is ready. */
  async serve(name, settings) {
    const [port, probePort] = [await freePort(), await freePort()];
    const log = join(this.folder, `${name}.log`);
    const child = spawn(this.binary, ['serve'], {
      cwd: this.root,
      env: {
        ...this.environment,
        CONVENE_LISTEN: `127.0.0.1:${port}`,
        CONVENE_PROBE_LISTEN: `127.0.0.1:${probePort}`,
        ...settings,
      },
      stdio: ['ignore', 'ignore', openSync(log, 'w')],
    });
    const server = new Server(child, `http://127.0.0.1:${port}`, log);
    await server.untilReady(`http://127.0.0.1:${probePort}/readyz`);
    return server;
  }
}

class Server {
  constructor(child, url, log) {
    this.child = child;
    this.url = url;
    this.log = log;
  }

  async untilReady(probe) {
    const end = Date.now() + START_MS;
    for (;;) {
      const answer = await fetch(probe).catch(() => undefined);
      if (answer?.ok) return;
      if (this.child.exitCode !== null) throw new Error(`the server ended: ${readFileSync(this.log, 'utf8')}`);
      if (Date.now() > end) throw new Error(`the server is not ready after ${START_MS} ms; see ${this.log}`);
      await new Promise((done) => setTimeout(done, 100));
    }
  }

  /** The lines of the log with a fault. */
  faults() {
    return readFileSync(this.log, 'utf8').split('\n').filter((line) => /\bERROR\b/.test(line));
  }

  /** Stops the server after the requests in flight. */
  async stop() {
    if (this.child.exitCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), STOP_MS);
    await ended;
    clearTimeout(timer);
  }
}

async function freePort() {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address();
  listener.close();
  await once(listener, 'close');
  return port;
}
