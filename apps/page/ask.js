// Questions to the server: an answer, or an Error whose message is a sentence for the reader.

import { pending } from './pending.js';

const GONE = 'the server does not answer: see that it is running, then try again';

async function* lines(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const parts = (rest + value).split('\n');
    rest = parts.pop();
    for (const part of parts) if (part) yield JSON.parse(part);
  }
}

async function refusal(response) {
  const body = await response.json().catch(() => ({}));
  return new Error(body.error ?? `the server answered ${response.status}: reload the page`);
}

// `progress` is called with {done, of, what, seconds_left}; `signal` breaks off, here and on the server.
export const ask = (about, question = {}, options = {}) => pending(answered(about, question, options));

async function answered(about, question, { signal, progress = () => {} }) {
  try {
    const response = await fetch(ask.address, {
      method: 'POST', signal, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ about, ...question }),
    });
    if (!response.ok) throw await refusal(response);
    for await (const line of lines(response)) {
      if (line.progress) progress(line.progress);
      else if ('error' in line) throw Object.assign(new Error(line.error), { told: true });
      else return line.answer;
    }
  } catch (error) {
    if (error instanceof TypeError) throw new Error(GONE); // fetch's own
    throw error;
  }
  throw new Error(GONE);
}

// Against the page's base, before the address of the page changes.
ask.address = typeof document === 'undefined' ? '' : new URL('workbench/ask', document.baseURI).href;

// One question of a kind at a time: a new one breaks the old one off, whose promise then never settles.
export function latest() {
  let current = null;
  return {
    async ask(about, question, options = {}) {
      current?.abort();
      const own = new AbortController();
      current = own;
      try {
        const answer = await ask(about, question, { ...options, signal: own.signal });
        if (own === current) return answer;
      } catch (error) {
        if (own === current && error.name !== 'AbortError') throw error;
        if (own === current) throw error;
      }
      return new Promise(() => {});
    },
    cancel() { current?.abort(); },
  };
}
