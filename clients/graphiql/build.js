// Bundles GraphiQL into the assets of the server: `npm run graphiql`. With `--check`, compares the bundle with the assets.

import { build } from 'esbuild';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';

const folder = dirname(fileURLToPath(import.meta.url));
const clients = dirname(folder);
const assets = join(clients, '../crates/api-graphql/assets/graphiql');

const result = await build({
  absWorkingDir: clients,
  entryPoints: { graphiql: 'graphiql/main.jsx' },
  outdir: 'out',
  bundle: true,
  minify: true,
  write: false,
  metafile: true,
  format: 'iife',
  target: 'es2022',
  jsx: 'automatic',
  legalComments: 'none',
  loader: { '.graphql': 'text' },
  define: { 'process.env.NODE_ENV': '"production"' },
});

const texts = { 'LICENSES.txt': licenses(Object.keys(result.metafile.inputs)) };
for (const { path, text } of result.outputFiles) texts[path.split('/').pop()] = text;
// The fonts make up most of the style sheet.
texts['graphiql.css'] = texts['graphiql.css'].replaceAll(/@font-face\{.*?\}/g, '');

const check = process.argv.includes('--check');
mkdirSync(assets, { recursive: true });
for (const [name, text] of Object.entries(texts)) {
  const file = join(assets, `${name}.gz`);
  if (!check) {
    writeFileSync(file, gzipSync(text, { level: 9 }));
    console.log(`${name}: ${text.length} bytes, ${readFileSync(file).length} compressed`);
  } else if (!existsSync(file) || gunzipSync(readFileSync(file)).toString() !== text) {
    console.error(`${name} differs from the bundle; run npm run graphiql`);
    process.exitCode = 1;
  }
}

/** The licences of all packages of the bundle. */
function licenses(inputs) {
  const packages = new Set(inputs.flatMap((it) => /^node_modules\/((?:.*\/node_modules\/)?(?:@[^/]+\/)?[^/]+)/.exec(it)?.[1] ?? []));
  return [...packages].sort().map((name) => {
    const home = join(clients, 'node_modules', name);
    const { version, license } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'));
    const file = readdirSync(home).sort().find((it) => /^licen[cs]e(\.|$)/i.test(it));
    const text = file ? readFileSync(join(home, file), 'utf8').trim() : `License: ${license}`;
    return `${name.split('node_modules/').pop()} ${version}\n\n${text}\n`;
  }).join(`\n${'-'.repeat(80)}\n\n`);
}
