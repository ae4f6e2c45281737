// Light and dark: gradio's class on the body, remembered by the browser.

const KEY = 'gemma2-workbench-theme';

export const isDark = () => document.body.classList.contains('dark');

export function restoreTheme() {
  const kept = window.localStorage.getItem(KEY);
  if (kept && !new URLSearchParams(window.location.search).has('__theme')) document.body.classList.toggle('dark', kept === 'dark');
}

export function toggleTheme() {
  document.body.classList.toggle('dark');
  window.localStorage.setItem(KEY, isDark() ? 'dark' : 'light');
}
