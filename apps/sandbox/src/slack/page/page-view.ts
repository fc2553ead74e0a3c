import type { Channel, View } from '../state.ts';
import { html, type Html } from './html.ts';
import { icons } from './icons.ts';
import { avatarHtml, messageHtml, messageListHtml } from './message-html.ts';
import { blocksHtml, labelHtml, namesOf, type Names } from './rendered-blocks.ts';
import type { PageScene } from './scene.ts';

/** The whole page of a scene. Panes carry ids: the script fetches the same address again and swaps the panes that differ. */
export function pageHtml(scene: PageScene): Html {
  const names = namesOf(scene.workspace, scene.team.id);
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${scene.titleOf(scene.channel)} · ${scene.team.name} · Sandbox</title>
        <link rel="stylesheet" href="/sandbox/blocks.css" />
        <link rel="stylesheet" href="/sandbox/shell.css" />
        <link rel="stylesheet" href="/sandbox/messages.css" />
        <link rel="stylesheet" href="/sandbox/elements.css" />
        <link rel="icon" href="data:," />
        <script src="/sandbox/page-client.js" type="module"></script>
      </head>
      <body
        data-team="${scene.team.id}"
        data-user="${scene.user.id}"
        data-channel="${scene.channel.id}"
        data-thread="${scene.thread?.ts}"
        data-tab="${scene.app !== undefined && scene.tab}"
      >
        <a class="skip" href="#composer-text">Skip to the message box</a>
        <div class="top" role="note" data-testid="sample-label"><strong>Sample data — sandbox, not Slack</strong></div>
        <div class="shell">
          ${railHtml(scene)} ${sidebarHtml(scene)}
          <main class="channel" aria-label="${scene.titleOf(scene.channel)}">
            ${channelHeaderHtml(scene)}
            ${
              scene.tab === 'home'
                ? homeHtml(scene, names)
                : html`<div
                      class="messages"
                      id="messages"
                      role="log"
                      aria-label="Messages"
                      tabindex="0"
                      data-testid="messages"
                    >
                      ${messagesHtml(scene, names)}
                    </div>
                    ${composerHtml(scene, undefined)}`
            }
          </main>
          <aside id="thread" aria-label="Thread" ${scene.thread === undefined && html` hidden`}>
            ${threadHtml(scene, names)}
          </aside>
        </div>
        <div id="modal">${scene.modal !== undefined && modalHtml(scene.modal, scene, names)}</div>
        <div id="toast" role="alert" aria-live="assertive" data-testid="toast" hidden></div>
        <dialog id="confirm" aria-labelledby="confirm-title">
          <h2 id="confirm-title"></h2>
          <p></p>
          <footer>
            <button type="button" class="btn" value="deny"></button
            ><button type="button" class="btn primary" value="confirm"></button>
          </footer>
        </dialog>
      </body>
    </html>`;
}

function railHtml(scene: PageScene): Html {
  const teams = Object.values(scene.workspace.state.teams).filter((team) => team.emailDomain === undefined);
  return html`<nav class="rail" aria-label="Workspaces">
    ${teams.map(
      (team) =>
        html`<a
          href="/?team=${team.id}"
          title="${team.name}"
          aria-label="${team.name}"
          ${team.id === scene.team.id && html` aria-current="true"`}
          data-testid="team-${team.id}"
          >${team.name[0]}</a
        >`,
    )}
  </nav>`;
}

function sidebarHtml(scene: PageScene): Html {
  const item = (channel: Channel) => {
    const unread =
      channel.id === scene.channel.id && scene.tab === 'messages'
        ? 0
        : scene.workspace.unread(scene.user.id, channel.id);
    const partner = scene.partner(channel);
    return html`<li>
      <a
        class="${unread > 0 && 'unread'}"
        href="/?team=${scene.team.id}&amp;user=${scene.user.id}&amp;channel=${channel.id}"
        ${channel.id === scene.channel.id && html` aria-current="page"`}
        data-testid="channel-${channel.kind === 'im' ? partner?.name : channel.name}"
        >${
          partner === undefined
            ? html`<span class="hash" aria-hidden="true">${channel.kind === 'private' ? icons.lock : icons.hash}</span>`
            : avatarHtml(partner, 'small')
        }<span class="name">${scene.titleOf(channel)}</span
        >${unread > 0 && html`<span class="badge" aria-label="${unread} unread" data-testid="unread">${unread}</span>`}</a
      >
    </li>`;
  };
  const apps = scene.directs.filter((channel) => scene.partner(channel)?.isBot === true);
  const people = scene.directs.filter((channel) => scene.partner(channel)?.isBot !== true);
  return html`<nav class="sidebar" id="sidebar" aria-label="Channels and direct messages">
    <h1>${scene.team.name}</h1>
    <label class="acting"
      >You act as
      <select id="acting" data-testid="acting-user">
        ${scene.people.map((user) => {
          const unread = scene.unreadOf(user);
          return html`<option value="${user.id}" ${user.id === scene.user.id && html` selected`}>
            ${user.realName}${unread > 0 && ` (${unread})`}
          </option>`;
        })}
      </select>
    </label>
    <h2>Channels</h2>
    <ul>
      ${scene.rooms.map(item)}
    </ul>
    ${
      people.length > 0 &&
      html`<h2>Direct messages</h2>
        <ul>
          ${people.map(item)}
        </ul>`
    }
    <h2>Apps</h2>
    <ul>
      ${apps.map(item)}
    </ul>
    ${apps.length === 0 && html`<p class="hint">No app is installed in this workspace yet.</p>`}
  </nav>`;
}

function channelHeaderHtml(scene: PageScene): Html {
  const partner = scene.partner(scene.channel);
  return html`<header class="channel-header" id="channel-header">
    <h2>
      ${partner === undefined ? html`<span aria-hidden="true"># </span>` : avatarHtml(partner, 'small')}${scene.titleOf(scene.channel)}
    </h2>
    ${scene.channel.archived && html`<span class="topic">This channel is archived</span>`}
    ${scene.channel.topic !== '' && html`<span class="topic">${scene.channel.topic}</span>`}
    ${partner === undefined && html`<span class="members" title="Members">${scene.channel.members.length} members</span>`}
    ${
      scene.app !== undefined &&
      html`<nav class="tabs" aria-label="App tabs">
        ${(['home', 'messages'] as const).map(
          (tab) =>
            html`<a
              href="${scene.link({ tab })}"
              ${tab === scene.tab && html` aria-current="page"`}
              data-testid="tab-${tab}"
              >${tab === 'home' ? 'Home' : 'Messages'}</a
            >`,
        )}
      </nav>`
    }
  </header>`;
}

function messagesHtml(scene: PageScene, names: Names): Html {
  const title = scene.titleOf(scene.channel);
  const intro =
    scene.channel.kind === 'im'
      ? html`This is the very beginning of your direct messages with <b>${title}</b>.`
      : html`This is the very beginning of the <b>#${title}</b> channel.`;
  return html`<div class="intro" id="intro">${intro}</div>
    ${messageListHtml(scene.messages, scene, names, { inThread: false })}`;
}

function threadHtml(scene: PageScene, names: Names): Html {
  const parent = scene.thread;
  if (parent === undefined) return html``;
  const replies = scene.threadOf(parent.ts);
  return html`<header class="channel-header">
      <h2>Thread</h2>
      <span class="topic">${scene.titleOf(scene.channel)}</span
      ><a class="close" href="${scene.link({})}" aria-label="Close thread">${icons.close}</a>
    </header>
    <div class="messages" id="thread-messages" role="log" aria-label="Thread messages" tabindex="0">
      ${messageHtml(parent, scene, names, { inThread: true })}
      <div class="day" id="reply-count">
        <span>${replies.length} ${replies.length === 1 ? 'reply' : 'replies'}</span>
      </div>
      ${messageListHtml(replies, scene, names, { inThread: true })}
    </div>
    ${composerHtml(scene, parent.ts)}`;
}

function composerHtml(scene: PageScene, thread: string | undefined): Html {
  const title = scene.titleOf(scene.channel);
  const commands = scene.workspace.installedApps(scene.team.id).flatMap((app) => app.commands);
  const hint = thread === undefined ? `Message ${scene.channel.kind === 'im' ? '' : '#'}${title}` : 'Reply…';
  if (scene.channel.archived) return html`<p class="composer-note">You cannot write in an archived channel.</p>`;
  return html`<form class="composer" data-thread="${thread}" autocomplete="off" aria-label="${hint}">
    <textarea
      id="${thread === undefined ? 'composer-text' : 'thread-text'}"
      name="text"
      rows="1"
      placeholder="${hint}"
      aria-label="${hint}"
      data-testid="${thread === undefined ? 'composer' : 'thread-composer'}"
    ></textarea>
    <div class="composer-bar">
      <span
        >${
          thread === undefined &&
          commands.map(
            (command) =>
              html`<button type="button" class="command" data-command="${command.name} " title="${command.hint}">
                ${command.name}
              </button>`,
          )
        }</span
      ><button type="submit" class="send" aria-label="Send" data-testid="send">${icons.send}</button>
    </div>
  </form>`;
}

function homeHtml(scene: PageScene, names: Names): Html {
  const view = scene.home;
  return html`<div class="messages home" id="home" tabindex="0" data-testid="home">
    ${
      view === undefined
        ? html`<p class="hint">This app has not published a home for you yet.</p>`
        : html`<section data-view="${view.id}" data-version="${view.hash}">
            ${blocksHtml(view.blocks, { names })}
          </section>`
    }
  </div>`;
}

function modalHtml(view: View, scene: PageScene, names: Names): Html {
  const app = scene.workspace.state.apps[view.app];
  const general = view.errors?.[''];
  return html`<div class="backdrop">
    <section
      class="modal"
      role="dialog"
      aria-modal="true"
      aria-labelledby="modal-title"
      data-view="${view.id}"
      data-version="${view.hash}/${JSON.stringify(view.errors ?? {})}"
      data-testid="modal"
    >
      <form data-submit novalidate>
        <header>
          <span class="avatar small bot tint-1" aria-hidden="true">${app?.name[0]}</span>
          <h2 id="modal-title">${labelHtml(view.title)}</h2>
          <button type="button" class="x" data-close aria-label="Close" data-testid="modal-x">${icons.close}</button>
        </header>
        <div class="modal-body">
          ${general !== undefined && html`<p class="field-error" role="alert" data-testid="modal-error">${icons.warning} ${general}</p>`}${blocksHtml(view.blocks, { names, ...(view.errors && { errors: view.errors }) })}
        </div>
        <footer>
          <button type="button" class="btn" data-close data-testid="modal-close">${view.close ?? 'Close'}</button>${
            view.submit !== undefined &&
            html`<button type="submit" class="btn primary" data-testid="modal-submit">${view.submit}</button>`
          }
        </footer>
      </form>
    </section>
  </div>`;
}
