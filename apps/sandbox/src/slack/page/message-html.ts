import { seenBy } from '../workspace.ts';
import type { Message, User } from '../state.ts';
import type { PageScene } from './scene.ts';
import { html, type Html } from './html.ts';
import { icons } from './icons.ts';
import { blocksHtml, textHtml, type Names } from './rendered-blocks.ts';

const bodies = new WeakMap<Message, { readonly version: string; readonly body: Html }>();

/** One message with avatar, author, time and what it says. */
export function messageHtml(message: Message, scene: PageScene, names: Names, options: { inThread: boolean }): Html {
  const author = scene.workspace.state.users[message.user];
  const replies = options.inThread ? [] : scene.repliesTo(message.ts);
  const version = `${message.edited?.ts ?? message.ts}/${replies.length}/${replies.at(-1)?.ts ?? ''}`;
  const last = replies.at(-1);
  return html`<article
    class="message${message.ephemeralTo !== undefined && ' ephemeral'}"
    id="${options.inThread ? 't' : 'm'}-${message.ts}"
    data-ts="${message.ts}"
    data-channel="${message.channel}"
    data-version="${version}"
    data-testid="message"
    aria-label="Message from ${author?.realName}"
  >
    ${avatarHtml(author)}
    <div class="message-main">
      ${message.ephemeralTo !== undefined && html`<p class="only-you">${icons.eye} Only visible to you</p>`}
      <header>
        <span class="author">${author?.realName ?? message.user}</span>${
          author?.isBot === true && html`<span class="app-badge">APP</span>`
        }<time
          datetime="${new Date(millis(message.ts)).toISOString()}"
          title="${dayAndTime(millis(message.ts), scene.timezone, scene.workspace.now())}"
          >${timeOf(millis(message.ts), scene.timezone)}</time
        >
      </header>
      ${bodyHtml(message, names)}
      ${
        last !== undefined &&
        html`<a class="replies" href="${scene.link({ thread: message.ts })}" data-testid="open-thread"
          >${replyAvatars(replies, scene)}<b>${replies.length} ${replies.length === 1 ? 'reply' : 'replies'}</b>
          <span>Last reply ${dayAndTime(millis(last.ts), scene.timezone, scene.workspace.now())}</span></a
        >`
      }
    </div>
    ${
      !options.inThread &&
      message.ephemeralTo === undefined &&
      html`<a
        class="hover-reply"
        href="${scene.link({ thread: message.ts })}"
        aria-label="Reply in thread"
        title="Reply in thread"
        >${icons.reply}</a
      >`
    }
  </article>`;
}

/** The messages of a list with a line between days. */
export function messageListHtml(
  messages: readonly Message[],
  scene: PageScene,
  names: Names,
  options: { inThread: boolean },
): Html {
  let day = '';
  return html`${messages
    .filter((message) => seenBy(message, scene.user.id))
    .map((message) => {
      const its = dayOf(millis(message.ts), scene.timezone, scene.workspace.now());
      const divider =
        its === day || options.inThread
          ? undefined
          : html`<div class="day" role="separator" id="day-${its}"><span>${its}</span></div>`;
      day = its;
      return html`${divider}${messageHtml(message, scene, names, options)}`;
    })}`;
}

export function avatarHtml(user: User | undefined, size: 'normal' | 'small' = 'normal'): Html {
  const words = (user?.realName ?? '?').split(/\s+/);
  const initials =
    user?.isBot === true
      ? (words[0]?.[0] ?? '?')
      : words
          .map((word) => word[0] ?? '')
          .join('')
          .slice(0, 2);
  return html`<span
    class="avatar ${size} tint-${tintOf(user?.id ?? '')}${user?.isBot === true && ' bot'}"
    aria-hidden="true"
    >${initials.toUpperCase()}</span
  >`;
}

function bodyHtml(message: Message, names: Names): Html {
  const version = message.edited?.ts ?? message.ts;
  const cached = bodies.get(message);
  if (cached?.version === version) return cached.body;
  const body =
    message.blocks === undefined
      ? html`<div class="text">
          ${textHtml(message.text, names)}${message.edited !== undefined && html` <span class="edited">(edited)</span>`}
        </div>`
      : blocksHtml(message.blocks, { names });
  bodies.set(message, { version, body });
  return body;
}

function replyAvatars(replies: readonly Message[], scene: PageScene): Html {
  const authors = [...new Set(replies.map((reply) => reply.user))].slice(0, 3);
  return html`${authors.map((id) => avatarHtml(scene.workspace.state.users[id], 'small'))}`;
}

/** One of eight colors, always the same for a user. */
function tintOf(id: string): number {
  let sum = 0;
  for (const character of id) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 1009;
  return sum % 8;
}

function millis(ts: string): number {
  return Math.floor(Number(ts) * 1000);
}

function timeOf(at: number, timeZone: string): string {
  return new Intl.DateTimeFormat('en-US', { hour: 'numeric', minute: '2-digit', timeZone }).format(at);
}

function dayOf(at: number, timeZone: string, now: number): string {
  const format = new Intl.DateTimeFormat('en-US', { weekday: 'long', month: 'long', day: 'numeric', timeZone });
  const day = format.format(at);
  if (day === format.format(now)) return 'Today';
  return day === format.format(now - 86_400_000) ? 'Yesterday' : day;
}

function dayAndTime(at: number, timeZone: string, now: number): string {
  const near = dayOf(at, timeZone, now);
  const day = near.includes(',')
    ? new Intl.DateTimeFormat('en-US', { month: 'short', day: 'numeric', timeZone }).format(at)
    : near.toLowerCase();
  return `${day} at ${timeOf(at, timeZone)}`;
}
