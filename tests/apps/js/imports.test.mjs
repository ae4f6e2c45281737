// Every module can be linked, and the rooms import one way: page knows nobody, modes know page only.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';

const APPS = resolve(dirname(fileURLToPath(import.meta.url)), '../../../apps');
const ALLOWED = { page: ['page'], explorer: ['page', 'explorer'], token_classification: ['page', 'token_classification'] };
const FROM = /^(?:import|export)\s[^;]*?from\s+'([^']+)'/gms;

const modules = readdirSync(APPS, { recursive: true }).filter((name) => name.endsWith('.js'));
const importsOf = Object.fromEntries(modules.map((name) => {
  const file = join(APPS, name);
  return [name, [...readFileSync(file, 'utf8').matchAll(FROM)].map(([, path]) => relative(APPS, resolve(dirname(file), path)))];
}));
const roomOf = (name) => name.split('/')[0];

test('each room imports only what it may', () => {
  for (const [name, imported] of Object.entries(importsOf)) {
    for (const path of imported) assert.ok(!(roomOf(name) in ALLOWED) || ALLOWED[roomOf(name)].includes(roomOf(path)), `${name} imports ${path}`);
  }
});

test('no circle', () => {
  const state = {};
  const visit = (name, path) => {
    assert.notEqual(state[name], 'open', [...path, name].join(' -> '));
    if (state[name]) return;
    state[name] = 'open';
    for (const next of importsOf[name] ?? []) visit(next, [...path, name]);
    state[name] = 'done';
  };
  modules.forEach((name) => visit(name, []));
});

test('every module is there, with what others import from it', async () => {
  globalThis.window ??= globalThis;
  for (const name of modules) await import(pathToFileURL(join(APPS, name))).catch((error) => assert.fail(`${name}: ${error.message}`));
});

test('every picture has a name from the start, also before its numbers are there', () => {
  for (const name of modules) {
    for (const line of readFileSync(join(APPS, name), 'utf8').split('\n')) {
      if (line.includes("role: 'img'")) assert.ok(line.includes("'aria-label'"), `${name}: ${line.trim()}`);
    }
  }
});
