// Files from the server, and the clipboard.

const address = typeof document === 'undefined' ? '' : new URL('workbench/file', document.baseURI).href;

async function fetched(body) {
  const response = await fetch(address, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })
    .catch(() => { throw new Error('the server does not answer: see that it is running, then try again'); });
  if (response.ok) return response.blob();
  const said = await response.json().catch(() => ({}));
  throw new Error(said.error ?? `the server answered ${response.status}: reload the page`);
}

function download(blob, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

export async function saveFile(asked) {
  download(await fetched(asked), `${asked.name}.${asked.format}`);
}

export async function saveTrace(run, name) {
  download(await fetched({ run, name }), `${name}.safetensors`);
}

export const copied = {
  text: (text) => navigator.clipboard.writeText(text),
  async picture(base64) {
    const png = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    await navigator.clipboard.write([new ClipboardItem({ 'image/png': new Blob([png], { type: 'image/png' }) })]);
  },
};
