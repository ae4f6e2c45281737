// A saved trace of the reader's, sent to the server; the answer is the id of its run.

const GONE = 'the server does not answer: see that it is running, then try again';

export async function uploadTrace(file) {
  const address = new URL(`workbench/trace?name=${encodeURIComponent(file.name)}`, uploadTrace.base);
  const response = await fetch(address, { method: 'POST', body: file, headers: { 'Content-Type': 'application/octet-stream' } })
    .catch(() => { throw new Error(GONE); });
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(body.error ?? `the server answered ${response.status}`);
  return body.trace;
}

// Against the page's base, before the address of the page changes.
uploadTrace.base = typeof document === 'undefined' ? '' : new URL('./', document.baseURI).href;
