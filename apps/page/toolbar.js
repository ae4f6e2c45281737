// One stop of the Tab key for several buttons, between which the left and right arrows go.

export function createToolbar(box, label) {
  box.setAttribute('role', 'toolbar');
  box.setAttribute('aria-label', label);
  const buttons = () => [...box.querySelectorAll('button')].filter((button) => !button.closest('.pop'));

  function stop(at) {
    buttons().forEach((button, index) => { button.tabIndex = index === at ? 0 : -1; });
  }

  box.addEventListener('focusin', (event) => {
    const at = buttons().indexOf(event.target);
    if (at >= 0) stop(at);
  });
  box.addEventListener('keydown', (event) => {
    const every = buttons();
    const at = every.indexOf(event.target);
    const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: every.length - 1 }[event.key];
    if (at < 0 || next === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    every[(next + every.length) % every.length].focus();
  });
  return { update: () => stop(Math.max(0, buttons().findIndex((button) => button.tabIndex === 0))) };
}
