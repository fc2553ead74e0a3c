import { Html } from './html.ts';

/** Drawn, not typed: a bare machine has no font with such signs. */
const icon = (path: string): Html =>
  new Html(
    `<svg class="icon" viewBox="0 0 20 20" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round">${path}</svg>`,
  );

export const icons = {
  close: icon('<path d="M5 5l10 10M15 5L5 15"/>'),
  eye: icon('<path d="M2 10s3-5.5 8-5.5S18 10 18 10s-3 5.5-8 5.5S2 10 2 10z"/><circle cx="10" cy="10" r="2.4"/>'),
  hash: icon('<path d="M8 3.5L6.5 16.5M13.5 3.5L12 16.5M3.5 7.5h13M3 12.5h13"/>'),
  lock: icon('<rect x="4.5" y="9" width="11" height="7.5" rx="1.5"/><path d="M7 9V6.5a3 3 0 0 1 6 0V9"/>'),
  more: icon(
    '<g fill="currentColor" stroke="none"><circle cx="4.5" cy="10" r="1.5"/><circle cx="10" cy="10" r="1.5"/><circle cx="15.5" cy="10" r="1.5"/></g>',
  ),
  reply: icon('<path d="M3.5 4.5h13v9h-7l-3.5 3v-3h-2.5z"/><path d="M7 9h6"/>'),
  send: icon('<path d="M3 10L3 3.5 17.5 10 3 16.5 3 10h7" fill="currentColor"/>'),
  warning: icon('<path d="M10 3.5l7.5 13h-15z"/><path d="M10 8.5v3.5M10 14.3v.1"/>'),
} as const;
