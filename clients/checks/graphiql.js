// GraphiQL in a headless browser, and its bundle.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { Skipped } from '../lib/report.js';

export const client = 'GraphiQL';

const PROGRAMS = ['chromium', 'chromium-browser', 'google-chrome'];
// A quiet browser: no updates, no connections of its own.
const OPTIONS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
];

export async function run({ root, folder, development }, check) {
  await check('the committed bundle', () => {
    const { status, stderr } = spawnSync(process.execPath, [join(root, 'clients/graphiql/build.js'), '--check'], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    return 'equals the bundle of the pinned packages';
  });

  const browser = await launch();
  try {
    const session = browser && (await Session.open(browser, development.url));
    const inBrowser = (name, test) => check(name, () => {
      if (!session) throw new Skipped('Chromium is not installed');
      return test(session.page);
    });

    await inBrowser('a query', async () => {
      assert.match(await session.execute(), /"nodes":[^]*"startsAt"/);
    });
    await inBrowser('a mutation', async (page) => {
      await session.open('CreateWeeklyEvent');
      assert.match(await session.execute(), /"userErrors": \[\]/);
      await page.screenshot({ path: join(folder, 'graphiql.png') });
    });
    await inBrowser('documentation of a field', async (page) => {
      await page.click('[aria-label="Show Documentation Explorer"]');
      await page.click('.graphiql-doc-explorer a:text-is("Query")');
      await page.click('.graphiql-doc-explorer a:text-is("occurrences")');
      await page.locator('.graphiql-doc-explorer', { hasText: 'The beginning of the window' }).waitFor();
      await page.screenshot({ path: join(folder, 'graphiql-documentation.png') });
    });
    await inBrowser('a second visit', async (page) => {
      const tabs = await session.tabs();
      await page.reload();
      await session.ready();
      assert.deepEqual(await session.tabs(), tabs);
      await session.open('MyRegistrations');
      assert.match(await session.execute(), /"role": "ADMIN"/);
      return 'the same tabs, with a new token';
    });
    await inBrowser('requests to other hosts, violations of the content security policy, errors', () => {
      assert.deepEqual(session.problems, []);
      assert.ok(session.requests > 5);
      return 'none';
    });
  } finally {
    await browser?.close();
  }
}

async function launch() {
  const installed = (program) => spawnSync(program, ['--version']).status === 0;
  const found = [process.env.CHROMIUM, ...PROGRAMS].find((program) => program && installed(program));
  if (!found) return undefined;
  const { stdout } = spawnSync('which', [found], { encoding: 'utf8' });
  return chromium.launch({ executablePath: stdout.trim(), args: OPTIONS });
}

/** The page, and what goes wrong on it. */
class Session {
  problems = [];
  requests = 0;

  static async open(browser, url) {
    const session = new Session();
    session.page = await browser.newPage({ viewport: { width: 1400, height: 850 } });
    await session.page.route('**', (route) => {
      const address = route.request().url();
      session.requests += 1;
      if (new URL(address).origin === url || address.startsWith('data:')) return route.continue();
      session.problems.push(`request to ${address}`);
      return route.abort();
    });
    session.page.on('pageerror', (error) => session.problems.push(error.message));
    session.page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) session.problems.push(message.text());
    });
    await session.page.goto(`${url}/`);
    await session.ready();
    return session;
  }

  /** Waits until the schema is loaded. */
  async ready() {
    await this.page.waitForSelector('.graphiql-execute-button');
    await this.page.waitForLoadState('networkidle');
  }

  tabs() {
    return this.page.locator('.graphiql-tab').allInnerTexts();
  }

  async open(title) {
    await this.page.locator('.graphiql-tab', { hasText: title }).locator('button').first().click();
  }

  /** Runs the operation of the open tab and returns the result as it is shown. */
  async execute() {
    // GraphiQL reads the name of the operation a tenth of a second after the text has changed.
    await this.page.waitForTimeout(500);
    const answered = this.page.waitForResponse((response) => response.url().endsWith('/graphql'));
    await this.page.click('.graphiql-execute-button');
    await (await answered).finished();
    const result = this.page.locator('.graphiql-response .CodeMirror');
    await this.page.waitForFunction(() => document.querySelector('.graphiql-response .CodeMirror').CodeMirror.getValue());
    return result.evaluate((element) => element.CodeMirror.getValue());
  }
}
