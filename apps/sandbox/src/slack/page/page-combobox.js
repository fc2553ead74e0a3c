/* Selects whose options come from the app: a text field with a list below it. */
import { act, filledIn, surfaceOf, use } from './page-act.js';

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

export function closeList(combo) {
  combo.querySelector('ul').hidden = true;
  combo.querySelector('[role=combobox]').setAttribute('aria-expanded', 'false');
}

export function choose(item) {
  const combo = item.closest('.combo');
  combo.querySelector('[role=combobox]').value = item.textContent;
  combo.querySelector('[data-value]').value = item.dataset.choice;
  closeList(combo);
  const el = combo.closest('.el');
  if (el.hasAttribute('data-dispatch')) void use(el, item.dataset.choice);
}

export function moveInList(event) {
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
