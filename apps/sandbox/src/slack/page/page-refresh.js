/* What has changed: the same address is fetched again, and what differs is swapped. */
import { byId, filledIn } from './page-act.js';

let refreshing;
let again = false;
export function refreshSoon() {
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
    return same ? kept : taken(document.adoptNode(child), kept);
  });
  const wanted = new Set(children);
  for (const child of old.values()) if (!wanted.has(child)) child.remove();
  children.forEach((child, index) => {
    if (now.children[index] !== child) now.insertBefore(child, now.children[index] ?? null);
  });
  if (atEnd) now.scrollTop = now.scrollHeight;
}

/** A message that changes under a person's hands keeps the menu open that was being chosen from. */
function taken(message, former) {
  for (const { firstElementChild: button } of former?.querySelectorAll('details[open]') ?? []) {
    const same = message.querySelector(`[data-testid="${CSS.escape(button.dataset.testid)}"]`);
    same?.closest('details')?.setAttribute('open', '');
  }
  return message;
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
export function prepare(root) {
  for (const field of root.querySelectorAll('[data-epoch]')) {
    const at = new Date(Number(field.dataset.epoch) * 1000);
    if (field.dataset.epoch)
      field.value = new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
  }
}
