/*
 * The Slack page's script. The server renders everything; the script sends what a person does, and when something has
 * changed it fetches the same address again and swaps what differs.
 */
import { act, byId, filledIn, use, valueOf, who } from './page-act.js';
import { choose, closeList, moveInList } from './page-combobox.js';
import { prepare, refreshSoon } from './page-refresh.js';

const body = document.body;

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
