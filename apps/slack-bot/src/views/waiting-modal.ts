import type { ModalView } from '@slack/types';
import { plain, section } from './elements.ts';

/** Opened at once, since a trigger lives three seconds, and filled when the rest is known (failure G8). */
export function waitingModal(callbackId: string, title: string): ModalView {
  return {
    type: 'modal',
    callback_id: `${callbackId}_waiting`,
    title: plain(title, 24),
    close: plain('Close', 24),
    blocks: [section(['One moment …'])],
  };
}

/** What a modal says instead, where what it was opened for is gone. */
export function goneModal(title: string, sentence: string): ModalView {
  return { ...waitingModal('gone', title), blocks: [section([sentence])] };
}
