import { z } from 'zod';

/**
 * Slack's limits on Block Kit, in characters or items, one place each.
 * Sources: https://docs.slack.dev/reference/block-kit/blocks and /block-elements, /composition-objects.
 */
export const blockLimits = {
  messageBlocks: 50,
  viewBlocks: 100,
  sectionText: 3000,
  sectionFields: 10,
  fieldText: 2000,
  headerText: 150,
  contextElements: 10,
  actionsElements: 25,
  buttonText: 75,
  buttonValue: 2000,
  optionText: 75,
  optionValue: 150,
  options: 100,
  overflowOptions: 5,
  choiceOptions: 10,
  placeholder: 150,
  id: 255,
  markdownText: 12_000,
  /** The whole `blocks` as JSON; undocumented, seen in https://github.com/slackapi/bolt-js/issues/2509. */
  messageJson: 13_200,
  viewTitle: 24,
  privateMetadata: 3000,
} as const;

const optional = <T extends z.ZodType>(schema: T) => z.exactOptional(schema);
const text = (max: number) => z.string().min(1).max(max);
const id = text(blockLimits.id);
const plain = (max: number) =>
  z.strictObject({ type: z.literal('plain_text'), text: text(max), emoji: optional(z.boolean()) });
const mrkdwn = (max: number) =>
  z.strictObject({ type: z.literal('mrkdwn'), text: text(max), verbatim: optional(z.boolean()) });
const anyText = (max: number) => z.discriminatedUnion('type', [plain(max), mrkdwn(max)]);

const option = z.strictObject({
  text: anyText(blockLimits.optionText),
  value: optional(text(blockLimits.optionValue)),
  description: optional(anyText(blockLimits.optionText)),
  url: optional(text(3000)),
});
const optionGroup = z.strictObject({
  label: plain(75),
  options: z.array(option).min(1).max(blockLimits.options),
});
const style = z.enum(['primary', 'danger']);
const confirm = z.strictObject({
  title: optional(plain(100)),
  text: anyText(300),
  confirm: optional(plain(30)),
  deny: optional(plain(30)),
  style: optional(style),
});

const actionable = { action_id: optional(id) };
const asking = {
  ...actionable,
  confirm: optional(confirm),
  focus_on_load: optional(z.boolean()),
  placeholder: optional(plain(blockLimits.placeholder)),
};
const typing = { ...asking, initial_value: optional(z.string()), dispatch_action_config: optional(z.looseObject({})) };
const choices = {
  options: optional(z.array(option).min(1).max(blockLimits.options)),
  option_groups: optional(z.array(optionGroup).min(1).max(blockLimits.options)),
};
const several = { ...asking, max_selected_items: optional(z.number().int().min(1)) };
const image = z.strictObject({
  type: z.literal('image'),
  image_url: optional(text(3000)),
  slack_file: optional(z.looseObject({})),
  alt_text: text(2000),
});

const button = z.strictObject({
  type: z.literal('button'),
  ...actionable,
  text: plain(blockLimits.buttonText),
  url: optional(text(3000)),
  value: optional(text(blockLimits.buttonValue)),
  style: optional(style),
  confirm: optional(confirm),
  accessibility_label: optional(text(75)),
});
const interactive = [
  button,
  z.strictObject({ type: z.literal('static_select'), ...asking, ...choices, initial_option: optional(option) }),
  z.strictObject({
    type: z.literal('external_select'),
    ...asking,
    initial_option: optional(option),
    min_query_length: optional(z.number().int().min(0)),
  }),
  z.strictObject({ type: z.literal('users_select'), ...asking, initial_user: optional(id) }),
  z.strictObject({
    type: z.literal('conversations_select'),
    ...asking,
    initial_conversation: optional(id),
    default_to_current_conversation: optional(z.boolean()),
    response_url_enabled: optional(z.boolean()),
    filter: optional(z.looseObject({})),
  }),
  z.strictObject({
    type: z.literal('channels_select'),
    ...asking,
    initial_channel: optional(id),
    response_url_enabled: optional(z.boolean()),
  }),
  z.strictObject({
    type: z.literal('multi_static_select'),
    ...several,
    ...choices,
    initial_options: optional(z.array(option)),
  }),
  z.strictObject({ type: z.literal('multi_users_select'), ...several, initial_users: optional(z.array(id)) }),
  z.strictObject({
    type: z.literal('overflow'),
    ...actionable,
    options: z.array(option).min(1).max(blockLimits.overflowOptions),
    confirm: optional(confirm),
  }),
  z.strictObject({ type: z.literal('datepicker'), ...asking, initial_date: optional(z.iso.date()) }),
  z.strictObject({
    type: z.literal('timepicker'),
    ...asking,
    initial_time: optional(text(5)),
    timezone: optional(text(60)),
  }),
  z.strictObject({ type: z.literal('datetimepicker'), ...asking, initial_date_time: optional(z.number().int()) }),
  z.strictObject({
    type: z.literal('checkboxes'),
    ...asking,
    options: z.array(option).min(1).max(blockLimits.choiceOptions),
    initial_options: optional(z.array(option)),
  }),
  z.strictObject({
    type: z.literal('radio_buttons'),
    ...asking,
    options: z.array(option).min(1).max(blockLimits.choiceOptions),
    initial_option: optional(option),
  }),
] as const;
const typed = [
  z.strictObject({
    type: z.literal('plain_text_input'),
    ...typing,
    multiline: optional(z.boolean()),
    min_length: optional(z.number().int().min(0).max(3000)),
    max_length: optional(z.number().int().min(1).max(3000)),
  }),
  z.strictObject({ type: z.literal('email_text_input'), ...typing }),
  z.strictObject({ type: z.literal('url_text_input'), ...typing }),
  z.strictObject({
    type: z.literal('number_input'),
    ...typing,
    is_decimal_allowed: z.boolean(),
    min_value: optional(z.string()),
    max_value: optional(z.string()),
  }),
] as const;

const element = z.discriminatedUnion('type', interactive);
const inputElement = z.discriminatedUnion('type', [...interactive, ...typed]);
const blockId = { block_id: optional(id) };

/** Shown by the library as they come; their inside is not checked here. */
const presentation = z.looseObject({
  type: z.enum(['rich_text', 'video', 'table', 'file', 'context_actions', 'alert', 'card', 'carousel', 'container']),
  ...blockId,
});

const block = z.union([
  z.strictObject({
    type: z.literal('section'),
    ...blockId,
    text: optional(anyText(blockLimits.sectionText)),
    fields: optional(z.array(anyText(blockLimits.fieldText)).min(1).max(blockLimits.sectionFields)),
    accessory: optional(z.discriminatedUnion('type', [...interactive, image])),
    expand: optional(z.boolean()),
  }),
  z.strictObject({ type: z.literal('header'), ...blockId, text: plain(blockLimits.headerText) }),
  z.strictObject({ type: z.literal('divider'), ...blockId }),
  z.strictObject({
    type: z.literal('context'),
    ...blockId,
    elements: z
      .array(z.discriminatedUnion('type', [plain(2000), mrkdwn(2000), image]))
      .min(1)
      .max(blockLimits.contextElements),
  }),
  z.strictObject({
    type: z.literal('actions'),
    ...blockId,
    elements: z.array(element).min(1).max(blockLimits.actionsElements),
  }),
  z.strictObject({
    type: z.literal('input'),
    ...blockId,
    label: plain(2000),
    element: inputElement,
    hint: optional(plain(2000)),
    optional: optional(z.boolean()),
    dispatch_action: optional(z.boolean()),
  }),
  z.strictObject({
    type: z.literal('image'),
    ...blockId,
    image_url: optional(text(3000)),
    slack_file: optional(z.looseObject({})),
    alt_text: text(2000),
    title: optional(plain(2000)),
  }),
  z.strictObject({ type: z.literal('markdown'), ...blockId, text: text(blockLimits.markdownText) }),
  presentation,
]);

export type Option = z.infer<typeof option>;
export type BlockElement = z.infer<typeof inputElement>;
export type Block = z.infer<typeof block>;

/** A block as Slack stores it: every block has an id, given or made. */
export type StoredBlock = Block & { block_id: string };

/** Why a list of blocks was refused, as Slack words it in `errors` and `response_metadata.messages`. */
export interface BlockFault {
  readonly code: 'invalid_blocks' | 'msg_blocks_too_long' | 'invalid_blocks_format';
  readonly messages: readonly string[];
}

/**
 * Checks blocks against Slack's limits and gives each an id.
 * @param surface which count limit applies: 50 blocks in a message, 100 in a view.
 * @param nextId makes a block or action id where the app gave none, as Slack does.
 */
export function acceptBlocks(
  raw: unknown,
  surface: 'message' | 'view',
  nextId: () => string,
): { readonly blocks: StoredBlock[] } | BlockFault {
  if (!Array.isArray(raw)) return { code: 'invalid_blocks_format', messages: ['[ERROR] must be a list of blocks'] };
  const limit = surface === 'message' ? blockLimits.messageBlocks : blockLimits.viewBlocks;
  if (raw.length > limit) {
    return {
      code: 'invalid_blocks',
      messages: [`[ERROR] no more than ${limit} items allowed [json-pointer:/blocks]`],
    };
  }
  const messages: string[] = [];
  const blocks: StoredBlock[] = [];
  raw.forEach((item, index) => {
    const parsed = block.safeParse(item);
    if (!parsed.success) messages.push(...wording(item, parsed.error, index));
    else blocks.push(withIds(parsed.data, nextId));
  });
  const ids = blocks.map((each) => each.block_id);
  if (new Set(ids).size !== ids.length) messages.push('[ERROR] `block_id` already exists [json-pointer:/blocks]');
  blocks.forEach((each, index) => {
    if (each.type === 'section' && each.text === undefined && each.fields === undefined) {
      messages.push(`[ERROR] missing required field: text or fields [json-pointer:/blocks/${index}]`);
    }
    const actions = elementsOf(each).map((part) => part.action_id);
    if (new Set(actions).size !== actions.length) {
      messages.push(`[ERROR] \`action_id\` already exists [json-pointer:/blocks/${index}]`);
    }
  });
  if (messages.length > 0) return { code: 'invalid_blocks', messages };
  if (surface === 'message' && JSON.stringify(raw).length > blockLimits.messageJson) {
    return { code: 'msg_blocks_too_long', messages: ['[ERROR] the blocks together are too long'] };
  }
  return { blocks };
}

/** The interactive elements of one block, in order. */
export function elementsOf(each: Block): BlockElement[] {
  if (each.type === 'actions') return each.elements;
  if (each.type === 'input') return [each.element];
  if (each.type === 'section' && each.accessory !== undefined && each.accessory.type !== 'image') {
    return [each.accessory];
  }
  return [];
}

function withIds(each: Block, nextId: () => string): StoredBlock {
  const named = structuredClone(each);
  for (const part of elementsOf(named)) part.action_id ??= nextId();
  return { ...named, block_id: named.block_id ?? nextId() };
}

/** Of a union's failed branches only the one of the block's own type says something to the app's author. */
function wording(item: unknown, error: z.ZodError, index: number): string[] {
  const type = typeof item === 'object' && item !== null && 'type' in item ? item.type : undefined;
  const known = block.options.find((branch) => branch.shape.type.safeParse(type).success);
  if (known === undefined) return [`[ERROR] unsupported type: ${String(type)} [json-pointer:/blocks/${index}/type]`];
  const precise = known.safeParse(item).error ?? error;
  return precise.issues.map(
    (issue) => `[ERROR] ${issue.message.toLowerCase()} [json-pointer:/blocks/${[index, ...issue.path].join('/')}]`,
  );
}
