/*
 * The Slack page's script. The server renders everything; the script sends what a person does, and when something has
 * changed it fetches the same address again and swaps what differs.
 */
const body = document.body;
const who = { team: body.dataset.team, user: body.dataset.user };
const byId = (id) => document.getElementById(id);

/* ---- what a person does ---- */

async function act(op, details) {
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
function surfaceOf(node) {
  const view = node.closest('[data-view]');
  if (view) return { root: view, address: { view: view.dataset.view } };
  const message = node.closest('.message');
  return { root: message, address: { channel: message.dataset.channel, ts: message.dataset.ts } };
}

function valueOf(el) {
  const control = el.querySelector('[data-value]');
  if (!control) return undefined;
  if (control.type === 'checkbox') return [...el.querySelectorAll('input:checked')].map((each) => each.value);
  if (control.type === 'radio') return el.querySelector('input:checked')?.value ?? null;
  if (control.multiple) return [...control.selectedOptions].map((each) => each.value);
  if (control.type === 'datetime-local')
    return control.value ? String(Math.floor(new Date(control.value).getTime() / 1000)) : null;
  return control.value === '' ? null : control.value;
}

function filledIn(root) {
  const filled = {};
  for (const el of root?.querySelectorAll('.el') ?? []) {
    const value = valueOf(el);
    if (value !== undefined) (filled[el.dataset.block] ??= {})[el.dataset.action] = value;
  }
  return filled;
}

async function use(el, value, url) {
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

document.addEventListener('click', (event) => {
  const press = event.target.closest('[data-press]');
  if (press) {
    press.closest('details')?.removeAttribute('open');
    void use(press.closest('.el'), press.dataset.press || null, press.dataset.url);
    return;
  }
  if (event.target.closest('[data-close]')) void act('close', {});
  const command = event.target.closest('[data-command]');
  if (command) {
    const text = byId('composer-text');
    text.value = command.dataset.command;
    text.focus();
  }
  for (const open of document.querySelectorAll('details.overflow[open]')) {
    if (!open.contains(event.target)) open.removeAttribute('open');
  }
  const choice = event.target.closest('.combo [role=option]');
  if (choice) choose(choice);
});

document.addEventListener('change', (event) => {
  if (event.target.id === 'acting') {
    location.href = `/?team=${who.team}&user=${event.target.value}`;
    return;
  }
  const el = event.target.closest('.el[data-dispatch]');
  const typed = el && el.dataset.type.endsWith('input') && el.dataset.type !== 'number_input';
  if (el && !typed && event.target.closest('[data-value]')) void use(el, valueOf(el));
});

document.addEventListener('submit', (event) => {
  event.preventDefault();
  const form = event.target;
  if (form.matches('[data-submit]')) void submitModal(form);
  if (form.matches('.composer')) void say(form);
});

async function submitModal(form) {
  const button = form.querySelector('[type=submit]');
  if (!button || button.disabled) return;
  button.disabled = true;
  await act('submit', { filled: filledIn(form.closest('[data-view]')) });
  button.disabled = false;
}

async function say(form) {
  const field = form.elements.text;
  const text = field.value;
  if (text.trim() === '') return;
  field.value = '';
  const thread = form.dataset.thread || undefined;
  const outcome = await act('say', { channel: body.dataset.channel, text, thread });
  if (!outcome.ok && field.value === '') field.value = text;
}

document.addEventListener('keydown', (event) => {
  const { target } = event;
  if (event.key === 'Enter' && !event.shiftKey && target.matches('.composer textarea')) {
    event.preventDefault();
    target.form.requestSubmit();
  }
  if (event.key === 'Enter' && target.matches('.el[data-dispatch] input[type=text]:not([role=combobox])')) {
    event.preventDefault();
    const el = target.closest('.el');
    void use(el, valueOf(el));
  }
  if (event.key === 'Escape') {
    const open = document.querySelector('details.overflow[open], .combo [aria-expanded=true]');
    if (open?.matches('details')) open.removeAttribute('open');
    else if (open) closeList(open.closest('.combo'));
    else if (document.querySelector('.modal')) void act('close', {});
  }
  if (event.key === 'Tab') keepInModal(event);
  if (target.matches('[role=combobox]')) moveInList(event);
});

function keepInModal(event) {
  const modal = document.querySelector('.modal');
  if (!modal) return;
  const stops = [...modal.querySelectorAll('button, input:not([type=hidden]), select, textarea, a, summary')];
  const edge = event.shiftKey ? stops[0] : stops.at(-1);
  if (document.activeElement === edge || !modal.contains(document.activeElement)) {
    event.preventDefault();
    (event.shiftKey ? stops.at(-1) : stops[0])?.focus();
  }
}

/* ---- external selects ---- */

let asking;
document.addEventListener('input', (event) => {
  if (event.target.matches('.composer textarea')) {
    event.target.style.height = 'auto';
    event.target.style.height = `${event.target.scrollHeight}px`;
  }
  if (!event.target.matches('[role=combobox]')) return;
  clearTimeout(asking);
  asking = setTimeout(() => void offer(event.target), 150);
});
document.addEventListener('focusin', (event) => {
  if (event.target.matches('[role=combobox]') && event.target.closest('.combo').dataset.min === '0')
    void offer(event.target);
});

async function offer(input) {
  const combo = input.closest('.combo');
  if (input.value.length < Number(combo.dataset.min)) return;
  const el = combo.closest('.el');
  const { root, address } = surfaceOf(el);
  const outcome = await act('suggest', {
    ...address,
    block: el.dataset.block,
    action: el.dataset.action,
    filled: filledIn(root),
    query: input.value,
  });
  const list = combo.querySelector('ul');
  const items = (outcome.options ?? []).map((option, index) => {
    const item = document.createElement('li');
    item.setAttribute('role', 'option');
    item.id = `option-${el.dataset.block}-${index}`;
    item.dataset.choice = option.value;
    item.textContent = option.text;
    return item;
  });
  list.replaceChildren(...items);
  list.hidden = items.length === 0;
  input.setAttribute('aria-expanded', String(items.length > 0));
}

function closeList(combo) {
  combo.querySelector('ul').hidden = true;
  combo.querySelector('[role=combobox]').setAttribute('aria-expanded', 'false');
}

function choose(item) {
  const combo = item.closest('.combo');
  combo.querySelector('[role=combobox]').value = item.textContent;
  combo.querySelector('[data-value]').value = item.dataset.choice;
  closeList(combo);
  const el = combo.closest('.el');
  if (el.hasAttribute('data-dispatch')) void use(el, item.dataset.choice);
}

function moveInList(event) {
  const combo = event.target.closest('.combo');
  const items = [...combo.querySelectorAll('[role=option]')];
  const at = items.findIndex((item) => item.getAttribute('aria-selected') === 'true');
  if (event.key === 'Enter') {
    event.preventDefault();
    if (items[at]) choose(items[at]);
  }
  if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
  event.preventDefault();
  items[at]?.removeAttribute('aria-selected');
  const next = items[(at + (event.key === 'ArrowDown' ? 1 : items.length - 1)) % items.length];
  next?.setAttribute('aria-selected', 'true');
  if (next) event.target.setAttribute('aria-activedescendant', next.id);
}

/* ---- what has changed ---- */

let refreshing;
let again = false;
function refreshSoon() {
  if (refreshing) {
    again = true;
    return;
  }
  refreshing = setTimeout(async () => {
    await refresh();
    refreshing = undefined;
    if (again) {
      again = false;
      refreshSoon();
    }
  }, 50);
}

async function refresh() {
  let fresh;
  try {
    const response = await fetch(location.href, { headers: { accept: 'text/html' } });
    fresh = new DOMParser().parseFromString(await response.text(), 'text/html');
  } catch {
    return;
  }
  swapPane('sidebar', fresh);
  swapPane('channel-header', fresh);
  swapPane('home', fresh);
  swapMessages('messages', fresh);
  swapMessages('thread-messages', fresh);
  swapModal(fresh);
}

const shown = new Map();
function swapPane(id, fresh) {
  const now = byId(id);
  const next = fresh.getElementById(id);
  if (!now || !next) return;
  const before = shown.get(id) ?? now.innerHTML;
  shown.set(id, next.innerHTML);
  if (
    before === next.innerHTML ||
    (now.contains(document.activeElement) && document.activeElement.matches('select, input'))
  )
    return;
  const focus = document.activeElement?.dataset?.testid;
  now.replaceChildren(...next.childNodes);
  if (focus) now.querySelector(`[data-testid="${CSS.escape(focus)}"]`)?.focus();
}

/** Messages are swapped one by one: what a person has opened or chosen in another message stays. */
function swapMessages(id, fresh) {
  const now = byId(id);
  const next = fresh.getElementById(id);
  if (!now || !next) return;
  const atEnd = now.scrollHeight - now.scrollTop - now.clientHeight < 80;
  const old = new Map([...now.children].map((child) => [child.id, child]));
  const children = [...next.children].map((child) => {
    const kept = old.get(child.id);
    const same =
      kept &&
      kept.dataset.version === child.dataset.version &&
      (child.dataset.version || kept.innerHTML === child.innerHTML);
    return same ? kept : document.adoptNode(child);
  });
  const wanted = new Set(children);
  for (const child of old.values()) if (!wanted.has(child)) child.remove();
  children.forEach((child, index) => {
    if (now.children[index] !== child) now.insertBefore(child, now.children[index] ?? null);
  });
  if (atEnd) now.scrollTop = now.scrollHeight;
}

let opener;
function swapModal(fresh) {
  const now = document.querySelector('#modal .modal');
  const next = fresh.querySelector('#modal .modal');
  if (now?.dataset.view === next?.dataset.view && now?.dataset.version === next?.dataset.version) return;
  const same = now && now.dataset.view === next?.dataset.view;
  const filled = same ? filledIn(now) : {};
  const searched = same
    ? [...now.querySelectorAll('[role=combobox]')].map((input) => [input.dataset.testid, input.value])
    : [];
  if (!now) opener = document.activeElement;
  byId('modal').replaceChildren(...fresh.getElementById('modal').childNodes);
  const modal = document.querySelector('#modal .modal');
  if (!modal) {
    if (opener?.isConnected) opener.focus();
    return;
  }
  fillIn(modal, filled);
  for (const [id, value] of searched) {
    const input = modal.querySelector(`[role=combobox][data-testid="${CSS.escape(id)}"]`);
    if (input) input.value = value;
  }
  prepare(modal);
  (
    modal.querySelector(
      '[autofocus], .invalid [data-value], .modal-body input:not([type=hidden]), .modal-body select, .modal-body textarea',
    ) ?? modal.querySelector('[type=submit], [data-close]')
  )?.focus();
}

function fillIn(root, filled) {
  for (const el of root.querySelectorAll('.el')) {
    const value = filled[el.dataset.block]?.[el.dataset.action];
    if (value === undefined) continue;
    const wanted = Array.isArray(value) ? value : [value];
    for (const control of el.querySelectorAll('[data-value]')) {
      if (control.type === 'checkbox' || control.type === 'radio') control.checked = wanted.includes(control.value);
      else if (control.multiple) for (const option of control.options) option.selected = wanted.includes(option.value);
      else if (control.type !== 'datetime-local') control.value = value ?? '';
    }
  }
}

/** Times are sent as seconds; the browser's field wants local time. */
function prepare(root) {
  for (const field of root.querySelectorAll('[data-epoch]')) {
    const at = new Date(Number(field.dataset.epoch) * 1000);
    if (field.dataset.epoch)
      field.value = new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
  }
}

prepare(document);
for (const id of ['messages', 'thread-messages']) {
  const pane = byId(id);
  if (pane) pane.scrollTop = pane.scrollHeight;
}
if (body.dataset.tab) void act('open', { channel: body.dataset.channel, tab: body.dataset.tab });
const changes = new EventSource(`/sandbox/changes?team=${who.team}&user=${who.user}`);
changes.addEventListener('change', refreshSoon);
changes.addEventListener('ready', () => {
  body.dataset.live = 'yes';
  refreshSoon();
});
