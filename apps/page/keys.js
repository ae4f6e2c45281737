// Keys of the page: those of the open mode, unless somebody is typing.

const TYPING = 'input, textarea, select, [contenteditable]';

export function bindKeys(page) {
  document.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.(TYPING)) return;
    const act = page.mode().keys[(event.shiftKey ? 'Shift+' : '') + event.key] ?? page.mode().keys[event.key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    act(page, event);
  });
}
