import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { Message as SlackBlocks } from 'slack-blocks-to-jsx';
import type { StoredBlock } from '../block-limits.ts';
import type { Workspace } from '../workspace.ts';
import { elementHtml } from './element-html.ts';
import { html, Html } from './html.ts';
import { icons } from './icons.ts';

/** Who and what mentions in a text point to. */
export interface Names {
  readonly users: readonly { readonly id: string; readonly name: string }[];
  readonly channels: readonly { readonly id: string; readonly name: string }[];
}

/** The names of one team. */
export function namesOf(workspace: Workspace, team: string): Names {
  return {
    users: workspace.usersOf(team).map(({ id, realName: name }) => ({ id, name })),
    channels: workspace.channelsOf(team).map(({ id, name }) => ({ id, name })),
  };
}

/** What a surface is made of besides its blocks. */
export interface SurfaceLook {
  readonly names: Names;
  /** Problems with fields, by block id. */
  readonly errors?: Readonly<Record<string, string>>;
}

/**
 * Blocks as Slack would show them. Presentation comes from slack-blocks-to-jsx; whatever a person can use is our own
 * markup, since the library's menus and inputs do nothing without React in the browser.
 */
export function blocksHtml(blocks: readonly StoredBlock[], look: SurfaceLook): Html {
  return html`<div class="blocks">${blocks.map((block) => blockHtml(block, look))}</div>`;
}

/** A message's plain text with Slack's markup. */
export function textHtml(text: string, names: Names): Html {
  if (text === '') return html``;
  return presented([{ type: 'section', text: { type: 'mrkdwn', text } }], names);
}

const emojiCache = new Map<string, Html>();

/** Plain text with emoji names replaced, without any further markup. */
export function labelHtml(text: string): Html {
  if (!text.includes(':')) return html`${text}`;
  let label = emojiCache.get(text);
  if (label === undefined) {
    const markup = presented([{ type: 'section', text: { type: 'plain_text', text, emoji: true } }], {
      users: [],
      channels: [],
    });
    label = new Html(markup.text.replaceAll(/<[^>]*>/g, ''));
    if (emojiCache.size > 1000) emojiCache.clear();
    emojiCache.set(text, label);
  }
  return label;
}

function blockHtml(block: StoredBlock, look: SurfaceLook): Html {
  if (block.type === 'section') {
    const { accessory, block_id: id, ...rest } = block;
    const text = presented([rest], look.names);
    if (accessory === undefined) return html`<div class="block section" data-block-type="section">${text}</div>`;
    const side =
      accessory.type === 'image'
        ? html`<img class="accessory-image" src="${accessory.image_url}" alt="${accessory.alt_text}" />`
        : elementHtml(accessory, { blockId: id, names: look.names, dispatch: true });
    return html`<div class="block section with-accessory" data-block-type="section">
      <div class="section-text">${text}</div>
      <div class="accessory">${side}</div>
    </div>`;
  }
  if (block.type === 'actions') {
    const place = { blockId: block.block_id, names: look.names, dispatch: true };
    return html`<div class="block actions" data-block-type="actions">
      ${block.elements.map((element) => elementHtml(element, place))}
    </div>`;
  }
  if (block.type === 'input') {
    const error = look.errors?.[block.block_id];
    const place = {
      blockId: block.block_id,
      names: look.names,
      dispatch: block.dispatch_action === true,
      label: block.label.text,
    };
    return html`<div class="block input${error !== undefined && ' invalid'}" data-block-type="input">
      <div class="input-label">
        ${labelHtml(block.label.text)}${block.optional === true && html` <span class="optional">(optional)</span>`}
      </div>
      ${elementHtml(block.element, place)}
      ${block.hint !== undefined && html`<div class="hint">${labelHtml(block.hint.text)}</div>`}
      ${error !== undefined && html`<div class="field-error" role="alert" data-testid="error-${block.block_id}">${icons.warning} ${error}</div>`}
    </div>`;
  }
  const { block_id: _id, ...rest } = block;
  return html`<div class="block ${block.type}" data-block-type="${block.type}">${presented([rest], look.names)}</div>`;
}

/** Runs the library; its ids would repeat on the page and its links would leave it. */
function presented(blocks: readonly object[], names: Names): Html {
  const props = {
    logo: '',
    name: '',
    time: new Date(0),
    withoutWrapper: true,
    data: { users: [...names.users], channels: [...names.channels] },
  };
  const element = createElement(SlackBlocks, { ...props, blocks: asLibraryBlocks(blocks) });
  const markup = renderToStaticMarkup(element)
    .replaceAll(/(<[a-z0-9]+) id="[^"]*"/g, '$1')
    .replaceAll('<a href=', '<a target="_blank" rel="noopener noreferrer" href=')
    .replaceAll(/<span class="slack_emoji">([🔴🟠🟡🟢🔵])<\/span>/gu, (_whole, sign: string) => statusDot(sign));
  return new Html(markup);
}

/** Status circles are drawn: a machine without a font for emoji would show nothing. */
const statusColors: Readonly<Record<string, readonly [name: string, color: string]>> = {
  '🔴': ['red', '#dd2e44'],
  '🟠': ['orange', '#f4900c'],
  '🟡': ['yellow', '#fdcb58'],
  '🟢': ['green', '#3aa55c'],
  '🔵': ['blue', '#3b88c3'],
};

function statusDot(sign: string): string {
  const [name, color] = statusColors[sign] ?? ['', 'inherit'];
  return `<span class="slack_emoji dot" role="img" aria-label="${name} circle" style="color:${color}"></span>`;
}

type LibraryBlocks = Parameters<typeof SlackBlocks>[0]['blocks'];

/**
 * The library types its blocks more narrowly than Slack does; it ignores what it does not know. `verbatim` is left out: in Slack it
 * only keeps bare addresses from becoming links (https://docs.slack.dev/reference/block-kit/composition-objects/text-object), while
 * the library would show all markup as it is written.
 */
function asLibraryBlocks(blocks: readonly object[]): LibraryBlocks {
  return JSON.parse(JSON.stringify(blocks, (key, value: unknown) => (key === 'verbatim' ? undefined : value)));
}
