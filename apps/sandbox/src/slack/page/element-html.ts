import type { BlockElement, Option } from '../block-limits.ts';
import { html, type Html } from './html.ts';
import { icons } from './icons.ts';
import { labelHtml, type Names } from './rendered-blocks.ts';

/** Where an element stands. */
export interface ElementPlace {
  readonly blockId: string;
  readonly names: Names;
  /** True: a change is sent at once. */
  readonly dispatch: boolean;
  /** The label of its input block: its accessible name. */
  readonly label?: string;
}

/** One interactive element as working HTML; `page-client.js` finds it by its data attributes. */
export function elementHtml(element: BlockElement, place: ElementPlace): Html {
  const confirm = 'confirm' in element && element.confirm !== undefined && JSON.stringify(element.confirm);
  return html`<div
    class="el el-${element.type}"
    data-block="${place.blockId}"
    data-action="${element.action_id}"
    data-type="${element.type}"
    ${place.dispatch && html` data-dispatch`}${confirm !== false && html` data-confirm="${confirm}"`}
  >
    ${controlHtml(element, place)}
  </div>`;
}

function controlHtml(element: BlockElement, place: ElementPlace): Html {
  const hint = 'placeholder' in element ? element.placeholder?.text : undefined;
  const name = place.label ?? hint ?? element.action_id ?? element.type;
  const common = html`data-testid="action-${element.action_id}"
  aria-label="${name}"${'focus_on_load' in element && element.focus_on_load === true && html` autofocus`}`;
  switch (element.type) {
    case 'button':
      return html`<button
        type="button"
        class="btn ${element.style}"
        data-press
        data-testid="action-${element.action_id}"
        ${
          element.accessibility_label !== undefined && html` aria-label="${element.accessibility_label}"`
        }${element.url !== undefined && html` data-url="${element.url}"`}
      >
        ${labelHtml(element.text.text)}
      </button>`;
    case 'static_select':
      return html`<select ${common} data-value>
        ${placeholder(hint ?? 'Choose an option', element.initial_option === undefined)}${
          element.options?.map((option) => optionHtml(option, [element.initial_option])) ??
          element.option_groups?.map(
            (group) =>
              html`<optgroup label="${group.label.text}">
                ${group.options.map((option) => optionHtml(option, [element.initial_option]))}
              </optgroup>`,
          )
        }
      </select>`;
    case 'multi_static_select':
      return html`<select multiple size="4" ${common} data-value>
        ${(element.options ?? element.option_groups?.flatMap((group) => group.options))?.map((option) =>
          optionHtml(option, element.initial_options ?? []),
        )}
      </select>`;
    case 'users_select':
      return namedSelect(place.names.users, element.initial_user, hint ?? 'Select a user', common);
    case 'channels_select':
      return namedSelect(channels(place), element.initial_channel, hint ?? 'Select a channel', common);
    case 'conversations_select':
      return namedSelect(
        [...channels(place), ...place.names.users],
        element.initial_conversation,
        hint ?? 'Select a conversation',
        common,
      );
    case 'multi_users_select':
      return html`<select multiple size="4" ${common} data-value>
        ${place.names.users.map(
          (user) =>
            html`<option value="${user.id}" ${element.initial_users?.includes(user.id) === true && html` selected`}>
              ${user.name}
            </option>`,
        )}
      </select>`;
    case 'external_select':
      return html`<div class="combo" data-min="${element.min_query_length ?? 3}">
        <input
          type="text"
          role="combobox"
          aria-autocomplete="list"
          aria-expanded="false"
          autocomplete="off"
          ${common}
          placeholder="${hint ?? 'Type to search'}"
          value="${element.initial_option?.text.text}"
        />
        <ul role="listbox" aria-label="${name}" hidden></ul>
        <input type="hidden" data-value value="${element.initial_option?.value}" />
      </div>`;
    case 'overflow':
      return html`<details class="overflow">
        <summary aria-label="More actions" data-testid="action-${element.action_id}">${icons.more}</summary>
        <div role="menu">
          ${element.options.map(
            (option) =>
              html`<button
                type="button"
                role="menuitem"
                data-press="${option.value}"
                ${option.url !== undefined && html` data-url="${option.url}"`}
              >
                ${labelHtml(option.text.text)}
              </button>`,
          )}
        </div>
      </details>`;
    case 'datepicker':
      return html`<input type="date" ${common} data-value value="${element.initial_date}" />`;
    case 'timepicker':
      return html`<input type="time" ${common} data-value value="${element.initial_time}" />`;
    case 'datetimepicker':
      return html`<input type="datetime-local" ${common} data-value data-epoch="${element.initial_date_time}" />`;
    case 'checkboxes':
      return choiceList('checkbox', element.options, element.initial_options ?? [], element, name, place);
    case 'radio_buttons':
      return choiceList('radio', element.options, [element.initial_option], element, name, place);
    case 'plain_text_input':
      return element.multiline === true
        ? html`<textarea rows="4" ${common} data-value placeholder="${hint}" maxlength="${element.max_length ?? 3000}">
${element.initial_value}</textarea>`
        : html`<input
            type="text"
            ${common}
            data-value
            placeholder="${hint}"
            maxlength="${element.max_length ?? 3000}"
            value="${element.initial_value}"
          />`;
    case 'email_text_input':
    case 'url_text_input':
    case 'number_input': {
      const type = { email_text_input: 'email', url_text_input: 'url', number_input: 'number' }[element.type];
      return html`<input type="${type}" ${common} data-value placeholder="${hint}" value="${element.initial_value}" />`;
    }
  }
}

function channels(place: ElementPlace) {
  return place.names.channels.flatMap(({ id, name }) => (name === '' ? [] : { id, name: `#${name}` }));
}

function placeholder(text: string, chosen: boolean): Html {
  return html`<option value="" ${chosen && html` selected`}>${text}</option>`;
}

function optionHtml(option: Option, initial: readonly (Option | undefined)[]): Html {
  const selected = initial.some((each) => each !== undefined && each.value === option.value);
  return html`<option value="${option.value}" ${selected && html` selected`}>${labelHtml(option.text.text)}</option>`;
}

function namedSelect(
  all: readonly { id: string; name: string }[],
  initial: string | undefined,
  hint: string,
  common: Html,
): Html {
  return html`<select ${common} data-value>
    ${placeholder(hint, initial === undefined)}${all.map(
      ({ id, name }) => html`<option value="${id}" ${id === initial && html` selected`}>${name}</option>`,
    )}
  </select>`;
}

function choiceList(
  type: 'checkbox' | 'radio',
  options: readonly Option[],
  initial: readonly (Option | undefined)[],
  element: BlockElement,
  name: string,
  place: ElementPlace,
): Html {
  return html`<fieldset class="choices" aria-label="${name}" data-testid="action-${element.action_id}">
    ${options.map((option) => {
      const checked = initial.some((each) => each !== undefined && each.value === option.value);
      return html`<label
        ><input
          type="${type}"
          name="${place.blockId}-${element.action_id}"
          value="${option.value}"
          data-value${checked && html` checked`}
        />
        <span
          >${labelHtml(
            option.text.text,
          )}${option.description !== undefined && html`<small>${option.description.text}</small>`}</span
        ></label
      >`;
    })}
  </fieldset>`;
}
