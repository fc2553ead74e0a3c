/* What a person does: reads the surface it is done on, and tells the service. */
export const who = { team: document.body.dataset.team, user: document.body.dataset.user };
export const byId = (id) => document.getElementById(id);

export async function act(op, details) {
  try {
    const response = await fetch('/sandbox/act', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ op, ...who, ...details }),
    });
    const outcome = await response.json();
    // A refused submission is shown in the modal itself.
    if (!outcome.ok && outcome.problem && op !== 'submit') toast(outcome.problem);
    return outcome;
  } catch {
    toast('The sandbox does not answer. Is it still running?');
    return { ok: false };
  }
}

let toastTimer;
function toast(text) {
  const box = byId('toast');
  box.textContent = text;
  box.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => (box.hidden = true), 6000);
}

/** The message or view around an element: what its actions belong to. */
export function surfaceOf(node) {
  const view = node.closest('[data-view]');
  if (view) return { root: view, address: { view: view.dataset.view } };
  const message = node.closest('.message');
  return { root: message, address: { channel: message.dataset.channel, ts: message.dataset.ts } };
}

export function valueOf(el) {
  const control = el.querySelector('[data-value]');
  if (!control) return undefined;
  if (control.type === 'checkbox') return [...el.querySelectorAll('input:checked')].map((each) => each.value);
  if (control.type === 'radio') return el.querySelector('input:checked')?.value ?? null;
  if (control.multiple) return [...control.selectedOptions].map((each) => each.value);
  if (control.type === 'datetime-local')
    return control.value ? String(Math.floor(new Date(control.value).getTime() / 1000)) : null;
  return control.value === '' ? null : control.value;
}

export function filledIn(root) {
  const filled = {};
  for (const el of root?.querySelectorAll('.el') ?? []) {
    const value = valueOf(el);
    if (value !== undefined) (filled[el.dataset.block] ??= {})[el.dataset.action] = value;
  }
  return filled;
}

export async function use(el, value, url) {
  if (el.dataset.confirm && !(await confirmed(JSON.parse(el.dataset.confirm)))) return;
  if (url && /^https?:/.test(url)) window.open(url, '_blank', 'noopener');
  const { root, address } = surfaceOf(el);
  el.classList.add('busy');
  await act('use', { ...address, block: el.dataset.block, action: el.dataset.action, value, filled: filledIn(root) });
  el.classList.remove('busy');
}

function confirmed(question) {
  const dialog = byId('confirm');
  const [deny, confirm] = dialog.querySelectorAll('button');
  dialog.querySelector('h2').textContent = question.title?.text ?? 'Are you sure?';
  dialog.querySelector('p').textContent = question.text.text;
  deny.textContent = question.deny?.text ?? 'Cancel';
  confirm.textContent = question.confirm?.text ?? 'Yes';
  confirm.classList.toggle('danger', question.style === 'danger');
  return new Promise((resolve) => {
    deny.addEventListener('click', () => dialog.close('deny'), { once: true });
    confirm.addEventListener('click', () => dialog.close('confirm'), { once: true });
    dialog.returnValue = '';
    dialog.addEventListener('close', () => resolve(dialog.returnValue === 'confirm'), { once: true });
    dialog.showModal();
  });
}
