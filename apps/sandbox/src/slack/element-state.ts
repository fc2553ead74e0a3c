import { elementsOf, type BlockElement, type Option, type StoredBlock } from './block-limits.ts';

/** An element's present value in Slack's typed shape, as in `state.values` and `actions[]`. */
export type Typed = Record<string, unknown>;

/** What a person put in, by block id and action id: the option's value, the id, the date, the text; several for lists. */
export type Filled = Readonly<Record<string, Readonly<Record<string, string | readonly string[] | null>>>>;

/** Options that an external select was offered, by value. */
export type Suggested = ReadonlyMap<string, Option>;

/** `state.values` of a surface: its initial values, overlaid with what the person put in. */
export function valuesOf(
  blocks: readonly StoredBlock[],
  filled: Filled = {},
  suggested: Suggested = new Map(),
): Record<string, Record<string, Typed>> {
  const values: Record<string, Record<string, Typed>> = {};
  for (const block of blocks) {
    for (const element of elementsOf(block)) {
      if (element.type === 'button' || element.type === 'overflow') continue;
      const action = element.action_id ?? '';
      const raw = filled[block.block_id]?.[action];
      (values[block.block_id] ??= {})[action] = {
        type: element.type,
        ...(raw === undefined ? initialValue(element) : valueOf(element, raw, suggested)),
      };
    }
  }
  return values;
}

/** The typed value of an element from what the person put in; a choice that was not offered counts as none. */
export function valueOf(
  element: BlockElement,
  raw: string | readonly string[] | null,
  suggested: Suggested = new Map(),
): Typed {
  const one = typeof raw === 'string' ? (raw === '' ? null : raw) : (raw?.[0] ?? null);
  const many = typeof raw === 'string' ? [raw] : [...(raw ?? [])];
  const offered = optionsOf(element);
  const find = (value: string | null) => offered.find((option) => option.value === value) ?? null;
  switch (element.type) {
    case 'button':
      return {
        text: element.text,
        ...(element.value !== undefined && { value: element.value }),
        ...(element.style && { style: element.style }),
      };
    case 'static_select':
    case 'radio_buttons':
    case 'overflow':
      return { selected_option: find(one) };
    case 'external_select':
      if (one !== null && one === element.initial_option?.value) return { selected_option: element.initial_option };
      return { selected_option: one === null ? null : (suggested.get(one) ?? null) };
    case 'multi_static_select':
    case 'checkboxes':
      return {
        selected_options: offered.filter((option) => option.value !== undefined && many.includes(option.value)),
      };
    case 'users_select':
      return { selected_user: one };
    case 'conversations_select':
      return { selected_conversation: one };
    case 'channels_select':
      return { selected_channel: one };
    case 'multi_users_select':
      return { selected_users: many };
    case 'datepicker':
      return { selected_date: one };
    case 'timepicker':
      return { selected_time: one };
    case 'datetimepicker':
      return { selected_date_time: one === null ? null : Number(one) };
    default:
      return { value: one };
  }
}

/** All options of an element, groups flattened. */
function optionsOf(element: BlockElement): readonly Option[] {
  if (element.type === 'static_select' || element.type === 'multi_static_select') {
    return element.options ?? (element.option_groups ?? []).flatMap((group) => group.options);
  }
  return element.type === 'overflow' || element.type === 'checkboxes' || element.type === 'radio_buttons'
    ? element.options
    : [];
}

function initialValue(element: BlockElement): Typed {
  switch (element.type) {
    case 'static_select':
    case 'radio_buttons':
    case 'external_select':
      return { selected_option: element.initial_option ?? null };
    case 'multi_static_select':
    case 'checkboxes':
      return { selected_options: element.initial_options ?? [] };
    case 'users_select':
      return { selected_user: element.initial_user ?? null };
    case 'conversations_select':
      return { selected_conversation: element.initial_conversation ?? null };
    case 'channels_select':
      return { selected_channel: element.initial_channel ?? null };
    case 'multi_users_select':
      return { selected_users: element.initial_users ?? [] };
    case 'datepicker':
      return { selected_date: element.initial_date ?? null };
    case 'timepicker':
      return { selected_time: element.initial_time ?? null };
    case 'datetimepicker':
      return { selected_date_time: element.initial_date_time ?? null };
    case 'plain_text_input':
    case 'email_text_input':
    case 'url_text_input':
    case 'number_input':
      return { value: element.initial_value ?? null };
    default:
      return {};
  }
}
