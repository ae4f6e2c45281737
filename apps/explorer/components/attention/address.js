// The place of the reader in the page's address: a pinned cell is a step that Back returns from, the rest is not.

function writeAddress(here) {
  const url = new URL(location.href);
  const pinned = [url.searchParams.get('query'), url.searchParams.get('key')].join();
  for (const name of ['layer', 'head', 'stage', 'query', 'key']) {
    if (here[name] === null || here[name] === undefined) url.searchParams.delete(name);
    else url.searchParams.set(name, here[name]);
  }
  if (url.href === location.href) return;
  const moved = pinned !== [url.searchParams.get('query'), url.searchParams.get('key')].join();
  history[moved ? 'pushState' : 'replaceState'](null, '', url);
}
